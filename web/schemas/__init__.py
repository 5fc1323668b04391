"""What the API is told and what it answers, for its documentation: every field with a description and an example.

No answer is dumped through these: rows are written by ``queries.shape`` and its like, which is many times faster. Tests
hold the two together: the field lists of an outcome, and every answer that schemathesis gets.
"""
