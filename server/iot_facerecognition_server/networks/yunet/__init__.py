"""YuNet, a small convolutional network that finds faces (docs/decisions/yunet.md).

- `onnx_file`: the convolutions of the file that the network is published in.
- `layers`: those convolutions as the network's parts, and how they follow each other.
- `torch_network`: the network in torch, for batches on a GPU.
- `onnx_graph`, `onnx_session`: the network as a graph for onnxruntime, for one picture on a CPU.
- `faces`: what the network gives, turned into faces.
- `detector`: the network as a `FaceDetector`.

Wu, Peng and Yu: YuNet, a tiny millisecond-level face detector. Machine Intelligence Research 20,
2023.
"""
