"""Models on other machines, behind servers that speak OpenAI's protocol."""
