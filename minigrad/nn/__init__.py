"""Modules: layers that own parameters, named and behaving as in PyTorch."""

from minigrad.nn.activation import GELU, GELUTanh, ReLU, Tanh
from minigrad.nn.attention import MultiHeadAttention
from minigrad.nn.cache import KeyValueCache
from minigrad.nn.dropout import Dropout
from minigrad.nn.embedding import Embedding
from minigrad.nn.initial import unallocated
from minigrad.nn.linear import Linear
from minigrad.nn.lstm import LSTM, LSTMLayer
from minigrad.nn.module import Module, ModuleList, Parameter, Sequential
from minigrad.nn.normalization import LayerNorm, RMSNorm

__all__ = [
    "GELU",
    "GELUTanh",
    "KeyValueCache",
    "LSTM",
    "Dropout",
    "Embedding",
    "LayerNorm",
    "LSTMLayer",
    "Linear",
    "Module",
    "ModuleList",
    "MultiHeadAttention",
    "Parameter",
    "RMSNorm",
    "ReLU",
    "Sequential",
    "Tanh",
    "unallocated",
]
