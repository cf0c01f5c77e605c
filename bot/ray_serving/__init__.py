"""A model on many machines: the local engine as replicas of Ray Serve. The one place for Ray."""
