"""landlab's OverlandFlow (de Almeida et al. 2012) on the bench's case W, in its own processor time.

Usage: overland_flow.py SIDE SECONDS; prints JSON: cells, steps, cpu_s.
"""

import json
import sys
import time

import numpy as np
from landlab import RasterModelGrid
from landlab.components import OverlandFlow

side, seconds = int(sys.argv[1]), float(sys.argv[2])
cell = 10.0
k = np.arange(side)


def wave(n):
    return np.cos(2.0 * np.pi * n * k / side)


bed = -4.125 + 3.625 * np.outer(wave(2.0), wave(3.0))
level = np.broadcast_to(-0.1 + 0.1 * wave(1.0), (side, side))
grid = RasterModelGrid((side, side), xy_spacing=cell)
grid.add_field("topographic__elevation", bed.ravel(), at="node")
grid.add_field("surface_water__depth", np.maximum(level - bed, 1e-5).ravel(), at="node")
grid.set_closed_boundaries_at_grid_edges(True, True, True, True)
flow = OverlandFlow(grid, mannings_n=0.03, rainfall_intensity=0.05 / 3600.0, steep_slopes=False)

flow.overland_flow(dt=flow.calc_time_step())
steps, elapsed, start = 0, 0.0, time.process_time()
while elapsed < seconds:
    dt = flow.calc_time_step()
    flow.overland_flow(dt=dt)
    elapsed += dt
    steps += 1
print(json.dumps({"cells": side * side, "steps": steps, "cpu_s": time.process_time() - start}))
