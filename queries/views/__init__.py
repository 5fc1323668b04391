"""Saved views: a question under a name, for links, schedules and pages alike.

    View (models.views) --> reading: a Question, or why it cannot be asked --> answering: a table, or a file in pieces

``saved`` keeps them and their export links.
"""
