"""Media that a browser shows a page for."""


def show_as(page, media):
    """Show a page for a medium, "print" or "screen", and wait until it followed.

    What listens to a medium is told at the next frame, and changes the page then.
    """
    page.emulate_media(media=media)
    page.evaluate(
        "() => new Promise(done =>"
        " requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
