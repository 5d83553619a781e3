"""How the neural forecasters of ../onnx were made: see README.md."""
