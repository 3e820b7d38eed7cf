"""What the fuzzer does to one tensor of a PredictRequest."""

import math

INT64 = 2**63
SIZES = (0, 1, 2, 3, 5, 16, 32, 33, -1, -2, -INT64, INT64 - 1, 2**31, 2**32, 2**40, 2**62)
NUMBERS = (
    0.0, -0.0, 1.0, -1.0, math.nan, math.inf, -math.inf, 3.4e38, 1e-45, 1e300, 0.5, 255.0,
)  # fmt: skip
INTEGERS = (0, 1, -1, 2, 255, 256, -128, 2**31 - 1, -(2**31))
LARGEST_FILL = 1 << 20  # values; a shape may ask for more than was sent, up to 2 GiB


def tensor_of(request, rng):
    """One of the tensors of the request; a new one where it has none."""
    return request.inputs[rng.choice(sorted(request.inputs) or ["x"])]


def dtype(request, rng):
    """Known, of references, and of nobody."""
    tensor_of(request, rng).dtype = rng.choice([*range(24), 101, 119, 30, 999, -1, 2**31 - 1])


def shape(request, rng):
    """Sizes that nobody has, fewer dimensions, more of them."""
    tensor = tensor_of(request, rng)
    dims = tensor.tensor_shape.dim
    action = rng.randrange(5)
    if action == 0 and dims:
        rng.choice(dims).size = rng.choice(SIZES)
    elif action == 1 and dims:
        del dims[rng.randrange(len(dims))]
    elif action == 2:
        tensor.tensor_shape.unknown_rank = True
    elif action == 3:
        for _ in range(rng.choice([1, 1, 2, 9, 40, 300])):
            dims.add(size=rng.choice([1, 1, 1, 0, 2]))
    else:
        tensor.tensor_shape.ClearField("dim")
        for _ in range(rng.randint(0, 4)):
            dims.add(size=rng.choice(SIZES))
    shrink(tensor)


def shrink(tensor):
    """Keeps the fuzzer from asking for gigabytes that the protocol allows: a machine has two."""
    for _ in range(8):
        count = math.prod(max(dim.size, 0) for dim in tensor.tensor_shape.dim)
        if not LARGEST_FILL < count < 2**33:
            return
        max(tensor.tensor_shape.dim, key=lambda dim: dim.size).size = 1


def content(request, rng):
    """tensor_content that is cut, too long, or of other bytes."""
    tensor = tensor_of(request, rng)
    old = tensor.tensor_content
    tensor.tensor_content = rng.choice(
        [
            old[: rng.randint(0, len(old))],
            old + rng.randbytes(rng.randint(1, 9)),
            rng.randbytes(len(old)),
            rng.randbytes(rng.randint(1, 40)),
        ]
    )


def values(request, rng):
    """Single values instead of content: too few, too many, in the field of another type."""
    tensor = tensor_of(request, rng)
    if rng.random() < 0.8:
        tensor.ClearField("tensor_content")
    count = rng.choice([0, 1, 2, 3, 7, 100])
    field = rng.choice(
        ["float_val", "double_val", "int_val", "int64_val", "bool_val", "half_val", "uint32_val",
         "uint64_val", "scomplex_val", "dcomplex_val", "string_val"]
    )  # fmt: skip
    if field == "string_val":
        made = [rng.randbytes(rng.randint(0, 8)) for _ in range(count)]
    elif field.startswith("uint"):
        made = [rng.choice([0, 1, 2**32 - 1]) for _ in range(count)]
    elif field in ("int_val", "int64_val", "half_val"):
        made = [rng.choice(INTEGERS) for _ in range(count)]
    elif field == "bool_val":
        made = [rng.random() < 0.5 for _ in range(count)]
    else:
        made = [rng.choice(NUMBERS) for _ in range(count)]
    getattr(tensor, field).extend(made)


def numbers(request, rng):
    """NaN, infinities and extremes where floats or integers are in order."""
    tensor = tensor_of(request, rng)
    count = math.prod(max(dim.size, 0) for dim in tensor.tensor_shape.dim)
    if count > LARGEST_FILL:
        return
    if tensor.dtype in (1, 2):  # DT_FLOAT, DT_DOUBLE
        tensor.ClearField("tensor_content")
        made = [rng.choice(NUMBERS) for _ in range(min(count, 50))]
        getattr(tensor, "float_val" if tensor.dtype == 1 else "double_val").extend(made)
    elif tensor.dtype in (3, 9):  # DT_INT32, DT_INT64
        tensor.ClearField("tensor_content")
        made = [rng.choice(INTEGERS) for _ in range(min(count, 50))]
        getattr(tensor, "int_val" if tensor.dtype == 3 else "int64_val").extend(made)


def strings(request, rng):
    """A string tensor of the declared shape, or one whose strings are damaged images."""
    tensor = tensor_of(request, rng)
    old = list(tensor.string_val) or [rng.randbytes(5)]
    tensor.ClearField("tensor_content")
    tensor.ClearField("string_val")
    tensor.dtype = 7
    tensor.string_val.extend(damaged(value, rng) for value in old)


# A PNG that says it has 65535 x 65535 pixels, and headers of formats that are not served.
BOMB = bytes.fromhex("89504e470d0a1a0a0000000d494844520000ffff0000ffff0802000000")
FOREIGN = (
    b"GIF89a\xff\xff\xff\xff\x00",
    b"BM\x00\x00",
    b"RIFF\x00\x00\x00\x00WEBP",
    b"",
    b"\xff\xd8",
)


def damaged(value, rng):
    action = rng.randrange(5)
    if action == 0:
        return value[: rng.randint(0, len(value))]
    if action == 1:
        return BOMB + value[33:]
    if action == 2:
        return rng.choice(FOREIGN) + rng.randbytes(rng.randint(0, 30))
    mutable = bytearray(value)
    for _ in range(rng.randint(1, 8)):
        if mutable:
            mutable[rng.randrange(len(mutable))] = rng.randrange(256)
    return bytes(mutable)
