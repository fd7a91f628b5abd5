"""The elliptic curve P-256 (NIST SP 800-186, section 3.2.1.3) in plain integers.

For the one exchange of a pairing, where a library of native code would be too much for a small
board. It takes no constant time: no key that lives longer than the exchange may be used with it.
"""

Point = tuple[int, int] | None
"""Affine coordinates; None is the point at infinity."""
_Jacobian = tuple[int, int, int]
"""X, Y and Z of a point (X/Z², Y/Z³); Z of 0 is the point at infinity."""

FIELD = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
BASE: Point = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
COORDINATE_BYTES = 32
POINT_BYTES = 1 + 2 * COORDINATE_BYTES
_UNCOMPRESSED = 4
_INFINITY: _Jacobian = (1, 1, 0)


def multiply(number: int, point: Point) -> Point:
    """Return `number` times `point`; `number` is not negative."""
    whole = _jacobian(point)
    result = _INFINITY
    for bit in f"{number % ORDER:b}":
        result = _double(result)
        if bit == "1":
            result = _add(result, whole)
    return _affine(result)


def add(one: Point, other: Point) -> Point:
    """Return the sum of two points."""
    return _affine(_add(_jacobian(one), _jacobian(other)))


def negate(point: Point) -> Point:
    """Return the point that added to `point` gives infinity."""
    return None if point is None else (point[0], -point[1] % FIELD)


def encode(point: Point) -> bytes:
    """Return a point in SEC 1's uncompressed form, 65 bytes. Raises ValueError for infinity."""
    if point is None:
        raise ValueError("the point at infinity has no uncompressed form")
    x, y = (coordinate.to_bytes(COORDINATE_BYTES, "big") for coordinate in point)
    return bytes((_UNCOMPRESSED,)) + x + y


def decode(data: bytes) -> Point:
    """Return the point of `data`, uncompressed. Raises ValueError for what is not on the curve.

    The curve's cofactor is 1, so every point of it is of the right order.
    """
    if len(data) != POINT_BYTES or data[0] != _UNCOMPRESSED:
        raise ValueError(f"a point has {POINT_BYTES} bytes, the first of them {_UNCOMPRESSED}")
    x = int.from_bytes(data[1 : 1 + COORDINATE_BYTES], "big")
    y = int.from_bytes(data[1 + COORDINATE_BYTES :], "big")
    if x >= FIELD or y >= FIELD or (y * y - (x * x * x - 3 * x + _B)) % FIELD:
        raise ValueError("this is no point of P-256")
    return x, y


def _jacobian(point: Point) -> _Jacobian:
    return _INFINITY if point is None else (*point, 1)


def _affine(point: _Jacobian) -> Point:
    x, y, z = point
    if not z:
        return None
    inverse = pow(z, -1, FIELD)
    square = inverse * inverse % FIELD
    return x * square % FIELD, y * square * inverse % FIELD


def _double(point: _Jacobian) -> _Jacobian:
    """Return twice the point (dbl-2001-b of the Explicit-Formulas Database, for a = -3)."""
    x, y, z = point
    if not z:
        return point
    delta, gamma = z * z % FIELD, y * y % FIELD
    beta = x * gamma % FIELD
    alpha = 3 * (x - delta) * (x + delta) % FIELD
    doubled_x = (alpha * alpha - 8 * beta) % FIELD
    doubled_z = ((y + z) ** 2 - gamma - delta) % FIELD
    return doubled_x, (alpha * (4 * beta - doubled_x) - 8 * gamma * gamma) % FIELD, doubled_z


def _add(one: _Jacobian, other: _Jacobian) -> _Jacobian:
    """Return the sum (add-1998-cmo-2 of the Explicit-Formulas Database), of equal points too."""
    x1, y1, z1 = one
    x2, y2, z2 = other
    if not z1:
        return other
    if not z2:
        return one
    square1, square2 = z1 * z1 % FIELD, z2 * z2 % FIELD
    u1, u2 = x1 * square2 % FIELD, x2 * square1 % FIELD
    s1, s2 = y1 * z2 * square2 % FIELD, y2 * z1 * square1 % FIELD
    h, r = (u2 - u1) % FIELD, (s2 - s1) % FIELD
    if not h:
        return _INFINITY if r else _double(one)
    square, cube = h * h % FIELD, h * h * h % FIELD
    v = u1 * square % FIELD
    x = (r * r - cube - 2 * v) % FIELD
    return x, (r * (v - x) - s1 * cube) % FIELD, h * z1 * z2 % FIELD
