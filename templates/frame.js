// Tells the page in a frame whether it stands on a light or a dark ground, and again when
// that changes: it is of another origin, and cannot look. A notebook may take the frame out
// and put it back, which loads it anew: it is told what it showed. `this` is the frame, loaded.
((frame) => {
  const listGrounds = () => {
    const probe = document.createElement('span');
    probe.style.backgroundColor = 'Canvas';
    document.documentElement.append(probe);
    const grounds = [getComputedStyle(probe).backgroundColor];
    probe.remove();
    for (let outer = frame.parentElement; outer; outer = outer.parentElement) grounds.splice(1, 0, getComputedStyle(outer).backgroundColor);
    return grounds;
  };
  const isDark = () => {
    const paint = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    for (const ground of listGrounds()) {
      paint.fillStyle = ground;
      paint.fillRect(0, 0, 1, 1);
    }
    const [red, green, blue] = paint.getImageData(0, 0, 1, 1).data;
    return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
  };
  const tell = () => frame.contentWindow?.postMessage({ resvizTheme: isDark() ? 'dark' : 'light' }, '*');
  // A page may fade from one theme to the other, or fetch its colours.
  const follow = () => [0, 250, 1000].forEach((pause) => setTimeout(tell, pause));
  follow();
  const { address, followed } = frame.dataset;
  if (address) frame.contentWindow?.postMessage({ resvizAddress: address }, '*');
  if (followed) return;
  frame.dataset.followed = 'yes';
  window.addEventListener('message', ({ source, data }) => {
    if (source === frame.contentWindow && typeof data?.resvizAddress === 'string') frame.dataset.address = data.resvizAddress;
  });
  const watch = new MutationObserver(follow);
  for (const element of [document.documentElement, document.body]) watch.observe(element, { attributes: true });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', follow);
})(this);
