"""Slack: events, messages, commands and views, over Socket Mode or signed HTTP."""
