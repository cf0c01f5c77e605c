"""A generator over HTTP, spoken to as OpenAI's servers are."""
