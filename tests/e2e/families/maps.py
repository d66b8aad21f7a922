"""Small networks whose results are maps, boxes, signals or indices."""
import torch
import torch.nn.functional as F
from torch import nn

from classifiers import ResNet, block


class UNet(nn.Module):
    def __init__(self, up):
        super().__init__()
        self.down, self.low, self.up = block(3, 8), block(8, 16), up
        self.joined, self.head = block(16, 8), nn.Conv2d(8, 4, 1)

    def forward(self, x):
        high = self.down(x)
        low = self.low(F.max_pool2d(high, 2))
        return self.head(self.joined(torch.cat([high, self.up(low)], 1)))


def unet_transposed():
    return UNet(nn.ConvTranspose2d(16, 8, 2, 2))


def unet_nearest():
    return UNet(nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(16, 8, 1)))


def unet_bilinear():
    return UNet(nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(16, 8, 1)))


class Segmenter(nn.Module):
    """Ends in the class of every pixel."""

    def __init__(self):
        super().__init__()
        self.net = unet_nearest()

    def forward(self, x):
        return self.net(x).argmax(1)


class DeepLab(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.head = block(3, 8, stride=2), nn.Conv2d(32, 4, 1)
        self.pyramid = nn.ModuleList([block(8, 8, dilation=d) for d in (1, 2, 4)])
        self.whole = block(8, 8, 1)

    def forward(self, x):
        y = self.stem(x)
        whole = F.interpolate(self.whole(F.adaptive_avg_pool2d(y, 1)), size=y.shape[-2:], mode="bilinear")
        y = torch.cat([layer(y) for layer in self.pyramid] + [whole], 1)
        return F.interpolate(self.head(y), size=x.shape[-2:], mode="bilinear", align_corners=False)


class Yolo5(nn.Module):
    """Boxes from anchors and a grid, both scales in one list."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = (block(3, 8, act=nn.SiLU), block(8, 16, stride=2, act=nn.SiLU),
                                  block(16, 16, stride=2, act=nn.SiLU))
        self.lateral, self.merged = block(16, 16, 1, act=nn.SiLU), block(32, 16, act=nn.SiLU)
        self.heads = nn.ModuleList([nn.Conv2d(16, 14, 1) for _ in range(2)])

    @staticmethod
    def boxes(y):
        batch, _, height, width = y.shape
        y = y.view(batch, 2, 7, height, width).permute(0, 1, 3, 4, 2).contiguous().sigmoid()
        rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        grid = torch.stack((columns, rows), 2).view(1, 1, height, width, 2).float()
        centre = (y[..., 0:2] * 2 - 0.5 + grid) * 8
        size = (y[..., 2:4] * 2) ** 2 * torch.tensor([10.0, 13.0])
        return torch.cat((centre, size, y[..., 4:]), 4).view(batch, -1, 7)

    def forward(self, x):
        b = self.b(self.a(x))
        low = self.lateral(self.c(b))
        high = self.merged(torch.cat([F.interpolate(low, scale_factor=2, mode="nearest"), b], 1))
        return torch.cat([self.boxes(head(y)) for head, y in zip(self.heads, (high, low))], 1)


class Yolo8(nn.Module):
    """Split blocks, pyramid pooling, and boxes as the expectation of a distribution."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(block(3, 8, act=nn.SiLU), block(8, 16, 1, act=nn.SiLU))
        self.inner = nn.Sequential(block(8, 8, act=nn.SiLU), block(8, 8, act=nn.SiLU))
        self.joined, self.pooled = block(24, 16, 1, act=nn.SiLU), block(64, 16, 1, act=nn.SiLU)
        self.pool, self.box, self.classes = nn.MaxPool2d(5, 1, 2), nn.Conv2d(16, 16, 1), nn.Conv2d(16, 5, 1)

    def forward(self, x):
        a, b = self.stem(x).split((8, 8), 1)
        maps = [self.joined(torch.cat([a, b, b + self.inner(b)], 1))]
        for _ in range(3):
            maps.append(self.pool(maps[-1]))
        x = self.pooled(torch.cat(maps, 1))
        batch, _, height, width = x.shape
        both = torch.cat((self.box(x), self.classes(x)), 1).view(batch, 21, -1)
        box, classes = both.split((16, 5), 1)
        shares = box.view(batch, 4, 4, height * width).transpose(2, 1).softmax(1)
        edges = F.conv2d(shares, torch.arange(4.0).view(1, 4, 1, 1)).view(batch, 4, height * width)
        return torch.cat((edges, classes.sigmoid()), 1)


class SuperResolution(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 8, 5, padding=2), nn.Tanh(), nn.Conv2d(8, 12, 3, padding=1),
                                    nn.PixelShuffle(2))

    def forward(self, x):
        return self.layers(x)


class StyleTransfer(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReflectionPad2d(1), nn.Conv2d(3, 8, 3), nn.InstanceNorm2d(8, affine=True), nn.ReLU(),
            nn.ReplicationPad2d(1), nn.Conv2d(8, 8, 3), nn.GroupNorm(2, 8), nn.ReLU(),
            nn.Upsample(scale_factor=2), nn.Conv2d(8, 3, 3, padding=1))

    def forward(self, x):
        return torch.tanh(self.layers(x))


class KeyPoints(nn.Module):
    """Normalises its pictures itself; gives the height and the place of every peak."""

    def __init__(self):
        super().__init__()
        self.stem, self.head = block(3, 8), nn.Conv2d(8, 4, 1)

    def forward(self, x):
        mean, deviation = torch.tensor([0.5, 0.4, 0.3]), torch.tensor([0.2, 0.2, 0.3])
        x = (x - mean.view(1, 3, 1, 1)) / deviation.view(1, 3, 1, 1)
        return self.head(self.stem(x)).flatten(2).max(2)


class Signal(nn.Module):
    shape = (3, 32)

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(3, 8, 5, 2, 2), nn.BatchNorm1d(8), nn.ReLU(),
            nn.Conv1d(8, 8, 3, 1, 2, dilation=2, groups=2), nn.PReLU(8), nn.MaxPool1d(2),
            nn.ConvTranspose1d(8, 6, 4, 2, 1), nn.LeakyReLU(0.1), nn.AvgPool1d(3, 2))
        self.fc = nn.Linear(6, 5)

    def forward(self, x):
        return self.fc(self.layers(x).mean(-1))


class Features(nn.Module):
    shape = (20,)

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(20, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 5))

    def forward(self, x):
        return self.layers(x)


class BestClass(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = ResNet()

    def forward(self, x):
        return self.net(x).argmax(1)


class Chooser(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.fc = block(3, 8), nn.Linear(8, 5)

    def forward(self, x):
        x = self.stem(x)
        return self.fc(torch.where(x > 0.5, x, x * 0.1).mean([2, 3]))


class Bytes(nn.Module):
    """Takes the bytes of a picture."""
    dtype = torch.uint8

    def __init__(self):
        super().__init__()
        self.net = ResNet()

    def forward(self, x):
        return self.net(x.float() / 255)


class ChannelsLast(nn.Module):
    shape = (16, 16, 3)

    def __init__(self):
        super().__init__()
        self.net = ResNet()

    def forward(self, x):
        return self.net(x.permute(0, 3, 1, 2))


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.a, self.b = block(3, 8), nn.Linear(8, 5), nn.Linear(8, 2)

    def forward(self, x):
        x = self.stem(x).mean([2, 3])
        return self.a(x), self.b(x)


class Activated(nn.Module):
    def __init__(self, act):
        super().__init__()
        self.a, self.act, self.b, self.fc = nn.Conv2d(3, 8, 3), act, nn.Conv2d(8, 8, 3), nn.Linear(8, 5)

    def forward(self, x):
        return self.fc(self.act(self.b(self.act(self.a(x)))).mean([2, 3]))


ACTIVATIONS = [nn.LeakyReLU(0.1), nn.PReLU(8), nn.ELU(), nn.Sigmoid(), nn.Tanh(), nn.Hardsigmoid(), nn.Hardswish(),
               nn.GELU(), nn.GELU("tanh"), nn.Softplus(), nn.Mish(), nn.SELU(), nn.CELU(), nn.Softsign()]

NETWORKS = [unet_transposed, unet_nearest, unet_bilinear, Segmenter, DeepLab, Yolo5, Yolo8, SuperResolution,
            StyleTransfer, KeyPoints, Signal, Features, BestClass, Chooser, Bytes, ChannelsLast, TwoHeads]
