# SPDX-License-Identifier: Apache-2.0
"""From observations to exposition text: bounded families, births, rendering.

Pure: no socket, no clock, no client library. ``declaration`` says what a family is,
``bounds`` keeps label values finite, ``series`` is what all families share, ``counter``
(and gauge) and ``histogram`` hold them, ``births`` decides who is shown what, ``text``
spells the formats, ``page`` renders.
"""
