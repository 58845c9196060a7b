"""`stormgrid grids check` and `grids locate` beside shapely 2 on the same files, in one run.

Usage: coverage.py PROGRAM [CASE ...]; prints a row for each case: seconds, processor seconds and peak memory of both,
and their ratios. Cases: demo (190 grids of 400 vertices, 2590 units), counties (3028 polygons, a million points),
100k and 1M (squares, with as many points).

shapely does what the program does and no more: read the GeoJSON, rings valid, edges of the coverage matched, its union
for the gaps, the sum of areas; points read from CSV, a tree over the polygons, one query for all points, codes written.
Both run as processes of their own, so that start, reading and writing count for both.
"""

import json
import math
import os
import subprocess
import sys
import tempfile

import numpy as np

SEED = 20
WEST, SOUTH = 112.9, 22.4


def check_with_shapely(layer):
    import shapely

    with open(layer, encoding="utf-8") as file:
        shapes = shapely.get_parts(shapely.from_geojson(file.read()))
    sound = shapely.is_valid(shapes).all() and shapely.coverage_is_valid(shapes)
    union = shapely.coverage_union_all(shapes)
    holes = sum(shapely.get_num_interior_rings(part) for part in shapely.get_parts(union))
    print(len(shapes), sound, holes, shapely.area(shapes).sum())


def locate_with_shapely(layer, points):
    import shapely

    with open(layer, encoding="utf-8") as file:
        text = file.read()
    shapes = shapely.get_parts(shapely.from_geojson(text))
    codes = np.array([f["properties"]["code"] for f in json.loads(text)["features"]], dtype=object)
    ids, x, y = [], [], []
    with open(points, encoding="utf-8") as file:
        next(file)
        for line in file:
            name, lon, lat = line.rstrip("\n").split(",")
            ids.append(name)
            x.append(float(lon))
            y.append(float(lat))
    found = [""] * len(ids)
    which, polygon = shapely.STRtree(shapes).query(shapely.points(x, y), predicate="intersects")
    for at, code in zip(which.tolist(), codes[polygon]):
        found[at] = code
    out = sys.stdout
    out.write("id,x,y,code\n")
    out.writelines(f"{i},{a},{b},{c}\n" for i, a, b, c in zip(ids, x, y, found))


def partition(n_x, n_y, cell, steps, rng):
    """Rings of n_x * n_y cells whose wavy borders have `steps` vertices a side, shared by both neighbours."""
    wave = 0.0 if steps == 1 else 0.15 * cell
    turns = rng.uniform(0.0, 6.0, 4)

    def place(i, j, k, across):
        s = k / steps
        x, y = (i + s, j) if across else (i, j + s)
        bend = wave * math.sin(math.pi * s) * math.sin(7.0 * s + turns[0] * i + turns[1] * j)
        x, y = (x * cell, y * cell + bend) if across else (x * cell + bend, y * cell)
        return [round(WEST + x, 9), round(SOUTH + y, 9)]

    for j in range(n_y):
        for i in range(n_x):
            ring = [place(i, j, k, True) for k in range(steps)]
            ring += [place(i + 1, j, k, False) for k in range(steps)]
            ring += [place(i, j + 1, k, True) for k in range(steps, 0, -1)]
            ring += [place(i, j, k, False) for k in range(steps, 0, -1)]
            yield [ring + [ring[0]]]


def write_layer(path, rings):
    with open(path, "w", encoding="utf-8") as file:
        file.write('{"type": "FeatureCollection", "features": [\n')
        for k, coordinates in enumerate(rings):
            geometry = {"type": "Polygon", "coordinates": coordinates}
            feature = {"type": "Feature", "properties": {"code": f"A{k}", "people": k % 900}, "geometry": geometry}
            file.write((",\n" if k else "") + json.dumps(feature))
        file.write("\n]}\n")


def write_points(path, n, width, height, rng):
    x = np.round(WEST + width * rng.random(n), 9)
    y = np.round(SOUTH + height * rng.random(n), 9)
    with open(path, "w", encoding="utf-8") as file:
        file.write("id,lon,lat\n")
        file.writelines(f"p{k},{a},{b}\n" for k, (a, b) in enumerate(zip(x.tolist(), y.tolist())))


# A process begins with the memory of the one that started it, as its peak: a small one starts what is measured.
LAUNCHER = """
import json, os, subprocess, sys, time
began = time.perf_counter()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, used = os.wait4(child.pid, 0)
seconds = time.perf_counter() - began
print(json.dumps([os.waitstatus_to_exitcode(status), seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024.0]))
"""


def measure(command):
    """Seconds, processor seconds and peak memory [MB] of a process."""
    launched = subprocess.run([sys.executable, "-c", LAUNCHER, *command], capture_output=True, text=True, check=True)
    status, *figures = json.loads(launched.stdout)
    if status != 0:
        sys.exit(f"{' '.join(command)} ended with {status}")
    return figures


CASES = {
    # name: columns, rows, cell [degrees], steps a side, points
    "demo grids": (19, 10, 0.01, 100, 1000),
    "demo units": (70, 37, 0.003, 12, 10_000),
    "counties": (76, 40, 0.2, 80, 1_000_000),
    "100k": (400, 250, 0.001, 1, 100_000),
    "1M": (1000, 1000, 0.001, 1, 1_000_000),
}


def main():
    program, wanted = sys.argv[1], sys.argv[2:] or list(CASES)
    print("case | work | ours s (cpu s, MB) | shapely s (cpu s, MB) | time ratio | memory ratio")
    with tempfile.TemporaryDirectory() as folder:
        for name in wanted:
            n_x, n_y, cell, steps, n_points = CASES[name]
            rng = np.random.default_rng(SEED)
            layer, points = os.path.join(folder, "layer.geojson"), os.path.join(folder, "points.csv")
            write_layer(layer, partition(n_x, n_y, cell, steps, rng))
            write_points(points, n_points, n_x * cell, n_y * cell, rng)
            for work, files in (("check", [layer]), ("locate", [layer, points])):
                ours = measure([program, "grids", work, *files])
                theirs = measure([sys.executable, __file__, "--shapely", work, *files])
                figures = [f"{t:.2f} ({c:.2f}, {m:.0f})" for t, c, m in (ours, theirs)]
                ratios = [f"{theirs[k] / ours[k]:.1f}" for k in (0, 2)]
                print(" | ".join([name, work, *figures, *ratios]), flush=True)


if sys.argv[1] == "--shapely":
    {"check": check_with_shapely, "locate": locate_with_shapely}[sys.argv[2]](*sys.argv[3:])
else:
    main()
