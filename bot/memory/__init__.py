"""Memory as pure logic on domain values."""
