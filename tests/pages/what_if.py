"""Another input worked out by a page and in Python, to be compared."""

from resviz.errors import ResizeError, SpecError
from resviz.readings.costs import sum_layer_costs
from resviz.readings.memory import find_kept_storages, find_peak
from resviz.templates import read_template_text

ASK = """([data, cases]) => {
  const whatIf = makeWhatIf(data);
  return cases.map(([size, batch]) => {
    try {
      return whatIf(size, batch ?? undefined);
    } catch (error) {
      return error.message;
    }
  });
}"""


def ask_page(browser, data, cases):
    """Return what the page's script says of sizes and batches: totals, or a reason."""
    page = browser.new_page()
    page.add_script_tag(content=read_template_text("what_if.js"))
    answers = page.evaluate(ASK, [data, cases])
    page.close()
    return answers


def answer_in_python(arch, size, batch):
    """Return the same of `resized`."""
    try:
        resized = arch.resized(tuple(size), batch)
    except (ResizeError, SpecError) as error:
        return str(error)
    layers = resized.stored_layers
    costs = [sum_layer_costs((layer,)) for layer in layers]
    kept = find_kept_storages(arch)
    sources = [
        resized.inputs[source.output]
        if source.layer < 0
        else layers[source.layer].outputs[source.output]
        for source in resized.outputs
    ]
    return {
        "inputs": [[*tensor.shape] for tensor in resized.inputs],
        "layers": [
            {
                "outputs": [[*tensor.shape] for tensor in layer.outputs],
                "macs": cost.macs,
                "activations": cost.activations,
                "elements": cost.elements,
            }
            for layer, cost in zip(layers, costs, strict=True)
        ],
        "storages": [storage.bytes for storage in resized.storages],
        "params": resized.params,
        "macs": sum(cost.macs for cost in costs),
        "activations": sum(cost.activations for cost in costs),
        "elements": sum(cost.elements for cost in costs),
        "outputs": [[*tensor.shape] for tensor in sources],
        "peak": find_peak(resized).bytes,
        "kept": kept and sum(resized.storages[number].bytes for number in kept),
    }
