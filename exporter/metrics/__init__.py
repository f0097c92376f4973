# SPDX-License-Identifier: Apache-2.0
"""From observations to exposition text: bounded families, births, rendering.

Pure: no socket, no clock, no client library. ``declaration`` says what a family is,
``bounds`` keeps label values finite, ``counter``, ``gauge`` and ``histogram`` hold
series, ``births`` decides who is shown what, ``page`` renders.
"""
