"""OSNet as loops over a PyTorch state dict, channels first: Zhou et al. 2019, table 1, figure 4."""

import numpy as np

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def windows(x, size, stride, pad, value):
    """{(row, column) of the window: [N, C, h, w] of what stands there}."""
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), constant_values=value)
    height, width = ((side - size) // stride + 1 for side in x.shape[2:])
    return {
        (i, j): x[:, :, i : i + stride * height : stride, j : j + stride * width : stride][
            :, :, :height, :width
        ]
        for i in range(size)
        for j in range(size)
    }


class OSNet:
    """embed(images [N, H, W, 3] in [0, 1]) -> [N, D]."""

    def __init__(self, tensors):
        self.tensors = {name: np.asarray(value, np.float64) for name, value in tensors.items()}

    def conv(self, x, name, stride=1, pad=0):
        weight = self.tensors[f"{name}.weight"]
        depthwise = weight.shape[1] == 1 and weight.shape[0] == x.shape[1] > 1
        rule = "nchw,oc->nohw" if not depthwise else "nchw,cx->nchw"
        found = sum(
            np.einsum(rule, part, weight[:, :, i, j])
            for (i, j), part in windows(x, weight.shape[2], stride, pad, 0.0).items()
        )
        bias = self.tensors.get(f"{name}.bias")
        return found if bias is None else found + bias[:, None, None]

    def norm(self, x, name):
        weight, bias, mean, variance = (
            self.tensors[f"{name}.{part}"]
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        around = (slice(None), *[None] * (x.ndim - 2))
        scale = weight / np.sqrt(variance + 1e-5)
        return (x - mean[around]) * scale[around] + bias[around]

    def layer(self, x, name, **how):
        return np.maximum(self.norm(self.conv(x, f"{name}.conv", **how), f"{name}.bn"), 0)

    def light(self, x, name):
        x = self.conv(self.conv(x, f"{name}.conv1"), f"{name}.conv2", pad=1)
        return np.maximum(self.norm(x, f"{name}.bn"), 0)

    def gate(self, x, name):
        hidden = self.conv(x.mean(axis=(2, 3), keepdims=True), f"{name}.fc1")
        return x / (1 + np.exp(-self.conv(np.maximum(hidden, 0), f"{name}.fc2")))

    def block(self, x, name):
        narrow, total = self.layer(x, f"{name}.conv1"), 0
        for length, letter in enumerate("abcd", 1):
            stream = narrow
            for index in range(length):
                place = f".{index}" if length > 1 else ""
                stream = self.light(stream, f"{name}.conv2{letter}{place}")
            total = total + self.gate(stream, f"{name}.gate")
        wide = self.norm(self.conv(total, f"{name}.conv3.conv"), f"{name}.conv3.bn")
        if f"{name}.downsample.conv.weight" in self.tensors:
            x = self.norm(self.conv(x, f"{name}.downsample.conv"), f"{name}.downsample.bn")
        return np.maximum(wide + x, 0)

    def embed(self, images):
        x = ((images - np.array(MEAN)) / np.array(DEVIATION)).transpose(0, 3, 1, 2)
        x = self.layer(x, "conv1", stride=2, pad=3)
        x = np.max(list(windows(x, 3, 2, 1, -np.inf).values()), axis=0)
        for stage in (2, 3, 4):
            for index in (0, 1):
                x = self.block(x, f"conv{stage}.{index}")
            if stage < 4:
                x = self.layer(x, f"conv{stage}.2.0")
                x = np.mean(list(windows(x, 2, 2, 0, 0.0).values()), axis=0)
        x = self.layer(x, "conv5").mean(axis=(2, 3))
        x = x @ self.tensors["fc.0.weight"].T + self.tensors["fc.0.bias"]
        return np.maximum(self.norm(x, "fc.1"), 0)
