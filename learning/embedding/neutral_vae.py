"""M1: a VAE that sees the person's neutral face y beside the face x (paper 000, section III-A, eq. 1-5).

Generative story: z ~ N(0, I), x ~ N(f(y, z), σ²I), so that z holds what distinguishes an expression from the same
person's neutral face. Posterior: q(z | x, y) = N(μ(x, y), diag σ²(x, y)). The loss is that of ``vae`` with y given to
both networks.
"""

from __future__ import annotations

from typing import ClassVar

from learning.embedding.vae import VAE


class NeutralVAE(VAE):
    """M1. Its ``NeutralVAEConfig`` is conditional: layers [2F, 480, 240, 120, 60, 30], [30 + F, 300, 400, 300, F]."""

    needs_neutral: ClassVar[bool] = True
