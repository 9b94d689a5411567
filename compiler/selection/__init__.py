"""From a selection to the SQL text that prints it: objects, fields, look-ups, lists and pages."""
