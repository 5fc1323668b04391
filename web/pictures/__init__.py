"""Pictures, drawn on the server: pure functions from values to SVG, and to the sentence that states what they show.

They need no script and print. Colours stand in the style sheet; beside each colour is a label or a pattern, and lengths are
shares of the page's width, so that texts stay legible on a phone. The same numbers always stand in a table below.
"""
