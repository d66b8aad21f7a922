"""Small networks of every family of classifiers, written as people write them in PyTorch."""
import torch
import torch.nn.functional as F
from torch import nn


def block(ins, outs, kernel=3, stride=1, groups=1, act=nn.ReLU, dilation=1):
    return nn.Sequential(
        nn.Conv2d(ins, outs, kernel, stride, dilation * (kernel // 2), dilation, groups, bias=False),
        nn.BatchNorm2d(outs), act())


def linear_block(ins, outs, kernel=1, stride=1, groups=1):
    return nn.Sequential(
        nn.Conv2d(ins, outs, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(outs))


def vector(x):
    return torch.flatten(F.adaptive_avg_pool2d(x, 1), 1)


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.a, self.b = block(3, 8), block(8, 8), linear_block(8, 8, 3)
        self.fc = nn.Linear(8, 5)

    def forward(self, x):
        x = self.stem(x)
        return self.fc(vector(F.relu(self.b(self.a(x)) + x)))


class Vgg(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(block(3, 8), nn.MaxPool2d(2), block(8, 16),
                                      nn.MaxPool2d(2, ceil_mode=True), nn.AdaptiveAvgPool2d(2))
        self.classifier = nn.Sequential(nn.Linear(64, 20), nn.ReLU(True), nn.Dropout(), nn.Linear(20, 5))

    def forward(self, x):
        return self.classifier(torch.flatten(self.features(x), 1))


class DenseNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, 1, 1)
        self.layers = nn.ModuleList([
            nn.Sequential(nn.BatchNorm2d(8 + 4 * i), nn.ReLU(), nn.Conv2d(8 + 4 * i, 4, 3, 1, 1, bias=False))
            for i in range(3)])
        self.transition = nn.Sequential(nn.BatchNorm2d(20), nn.ReLU(), nn.Conv2d(20, 10, 1, bias=False),
                                        nn.AvgPool2d(2))
        self.norm, self.fc = nn.BatchNorm2d(10), nn.Linear(10, 5)

    def forward(self, x):
        maps = [self.stem(x)]
        for layer in self.layers:
            maps.append(layer(torch.cat(maps, 1)))
        return self.fc(vector(F.relu(self.norm(self.transition(torch.cat(maps, 1))))))


class Inception(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.a = block(3, 8), block(8, 4, 1)
        self.b = nn.Sequential(block(8, 4, 1), nn.Conv2d(4, 4, (1, 7), padding=(0, 3)), nn.ReLU(),
                               nn.Conv2d(4, 4, (7, 1), padding=(3, 0)), nn.ReLU())
        self.c = nn.Sequential(nn.AvgPool2d(3, 1, 1), block(8, 4, 1))
        self.d = nn.Sequential(nn.MaxPool2d(3, 1, 1), block(8, 4, 1))
        self.fc = nn.Linear(16, 5)

    def forward(self, x):
        x = self.stem(x)
        x = torch.cat([self.a(x), self.b(x), self.c(x), self.d(x)], 1)
        return self.fc(F.dropout(vector(x), training=self.training))


class SqueezeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.squeeze = nn.Conv2d(3, 8, 3, 2), nn.Conv2d(8, 4, 1)
        self.one, self.three = nn.Conv2d(4, 8, 1), nn.Conv2d(4, 8, 3, padding=1)
        self.last = nn.Conv2d(16, 5, 1)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.stem(x)), 3, 2, ceil_mode=True)
        x = F.relu(self.squeeze(x))
        x = torch.cat([F.relu(self.one(x)), F.relu(self.three(x))], 1)
        return vector(self.last(x))


class MobileNetV1(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(block(3, 8, 3, 2, act=nn.ReLU6), block(8, 8, 3, 1, 8, act=nn.ReLU6),
                                      block(8, 16, 1, act=nn.ReLU6), block(16, 16, 3, 2, 16, act=nn.ReLU6))
        self.fc = nn.Linear(16, 5)

    def forward(self, x):
        return self.fc(self.features(x).mean([2, 3]))


class MobileNetV2(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = block(3, 8, act=nn.ReLU6)
        self.body = nn.Sequential(block(8, 24, 1, act=nn.ReLU6), block(24, 24, 3, 1, 24, act=nn.ReLU6),
                                  linear_block(24, 8))
        self.fc = nn.Linear(8, 5)

    def forward(self, x):
        x = self.stem(x)
        return F.softmax(self.fc((x + self.body(x)).mean([2, 3])), 1)


class SqueezeExcite(nn.Module):
    def __init__(self, channels, gate, act):
        super().__init__()
        self.a, self.b = nn.Conv2d(channels, 4, 1), nn.Conv2d(4, channels, 1)
        self.gate, self.act = gate, act

    def forward(self, x):
        return x * self.gate(self.b(self.act(self.a(F.adaptive_avg_pool2d(x, 1)))))


class MobileNetV3(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = block(3, 8, act=nn.Hardswish)
        self.body = nn.Sequential(block(8, 16, 1, act=nn.Hardswish), block(16, 16, 5, 1, 16, act=nn.Hardswish),
                                  SqueezeExcite(16, nn.Hardsigmoid(), nn.ReLU()), linear_block(16, 8))
        self.classifier = nn.Sequential(nn.Linear(8, 10), nn.Hardswish(), nn.Linear(10, 5))

    def forward(self, x):
        x = self.stem(x)
        return self.classifier(vector(x + self.body(x)))


def shuffle(x):
    batch, channels, height, width = x.size()
    x = x.view(batch, 2, channels // 2, height, width).transpose(1, 2).contiguous()
    return x.view(batch, -1, height, width)


class ShuffleNetV1(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = block(3, 16, stride=2)
        self.a = nn.Sequential(linear_block(16, 8, groups=2), nn.ReLU())
        self.b, self.c = linear_block(8, 8, 3, groups=8), linear_block(8, 16, groups=2)
        self.fc = nn.Linear(16, 5)

    def forward(self, x):
        x = self.stem(x)
        return self.fc(F.relu(x + self.c(self.b(shuffle(self.a(x))))).mean([2, 3]))


class ShuffleNetV2(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.fc = block(3, 16), nn.Linear(16, 5)
        self.body = nn.Sequential(block(8, 8, 1), linear_block(8, 8, 3, groups=8), block(8, 8, 1))

    def forward(self, x):
        x = self.stem(x)
        for _ in range(2):
            kept, changed = x.chunk(2, dim=1)
            x = shuffle(torch.cat((kept, self.body(changed)), 1))
        return self.fc(x.mean([2, 3]))


class EfficientNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = block(3, 8, act=nn.SiLU)
        self.body = nn.Sequential(block(8, 16, 1, act=nn.SiLU), block(16, 16, 5, 1, 16, act=nn.SiLU),
                                  SqueezeExcite(16, nn.Sigmoid(), nn.SiLU()), linear_block(16, 8))
        self.fc = nn.Linear(8, 5)

    def forward(self, x):
        x = self.stem(x)
        return self.fc(vector(x + self.body(x)))


class RegNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.a, self.b = block(3, 16, stride=2), block(16, 24, 1), block(24, 24, 3, 2, 3)
        self.gate = SqueezeExcite(24, nn.Sigmoid(), nn.ReLU())
        self.c, self.short = linear_block(24, 24), linear_block(16, 24, stride=2)
        self.fc = nn.Linear(24, 5)

    def forward(self, x):
        x = self.stem(x)
        return self.fc(vector(F.relu(self.short(x) + self.c(self.gate(self.b(self.a(x)))))))


class MobileOne(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.fc = block(3, 8), nn.Linear(8, 5)
        self.same, self.scale = nn.BatchNorm2d(8), linear_block(8, 8, groups=8)
        self.branches = nn.ModuleList([linear_block(8, 8, 3, groups=8) for _ in range(2)])

    def forward(self, x):
        x = self.stem(x)
        y = self.same(x) + self.scale(x)
        for branch in self.branches:
            y = y + branch(x)
        return self.fc(F.relu(y).mean([2, 3]))


class ConvNext(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.depthwise = nn.Conv2d(3, 8, 4, 4), nn.Conv2d(8, 8, 7, padding=3, groups=8)
        self.norm, self.wide, self.narrow = nn.LayerNorm(8), nn.Linear(8, 32), nn.Linear(32, 8)
        self.gain, self.fc = nn.Parameter(torch.ones(8) * 0.1), nn.Linear(8, 5)

    def forward(self, x):
        x = self.stem(x)
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        y = self.gain * self.narrow(F.gelu(self.wide(y)))
        return self.fc((x + y.permute(0, 3, 1, 2)).mean([-2, -1]))


NETWORKS = [ResNet, Vgg, DenseNet, Inception, SqueezeNet, MobileNetV1, MobileNetV2, MobileNetV3, ShuffleNetV1,
            ShuffleNetV2, EfficientNet, RegNet, MobileOne, ConvNext]
