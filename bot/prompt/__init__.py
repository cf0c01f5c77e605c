"""From working memory to the prompt."""
