"""What makes tracing quick: rules in the place of modules, tensors and kernels."""
