"""What changed incompatibly, and when."""

OPERATOR_VERSIONS = {}
