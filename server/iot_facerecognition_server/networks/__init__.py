"""Neural networks in torch, with the weights that dlib trained and serialised.

- `dlib_format`: dlib's serialised integers, strings and tensors.
- `dlib_layers`: the layers of a network file as value types.
- `residual`: those layers as torch modules.
- `face_descriptor`: the network that tells people apart.
- `precision`: which floating point format a device runs best.
"""
