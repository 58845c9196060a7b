"""Writes one small raster in many ways with rasterio (GDAL), and what rasterio reads back of each.

Run in this folder: `python make.py` with rasterio 1.4.4 (GDAL 3.10.3) and numpy 2. The values in `expected.json` are
those that rasterio reads, with its dataset mask; null is a masked cell.
"""

import json
import numpy as np
import rasterio
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.transform import from_origin, Affine

W, H = 21, 18
rng = np.random.default_rng(7)
base = np.round(rng.uniform(0, 60, (H, W)) * 4) / 4
place = from_origin(405000, 2498000, 10, 10)
cases = {}


def write(name, data, *, transform=place, crs="EPSG:4547", mask=None, tags=None, after=None, env=None, **profile):
    data = np.asarray(data)
    bands = data if data.ndim == 3 else data[None]
    with rasterio.Env(**(env or {})):
        with rasterio.open(f"{name}.tif", "w", driver="GTiff", width=bands.shape[2], height=bands.shape[1],
                           count=bands.shape[0], dtype=bands.dtype, crs=crs, transform=transform, **profile) as d:
            if after:
                after(d)
            d.write(bands)
            if mask is not None:
                d.write_mask(mask)
            if tags:
                d.update_tags(**tags)
    with rasterio.open(f"{name}.tif") as d:
        z = d.read(1).astype(float) * d.scales[0] + d.offsets[0]
        valid = d.dataset_mask() != 0
        if d.count == 2:
            # GDAL honours alpha of 8 and 16 bit integers alone; 0 says of floats just as well that nothing is there.
            valid &= d.read(2) != 0
        nd = d.nodata
        if nd is not None and not np.isnan(nd):
            valid &= d.read(1) != np.asarray(nd).astype(d.dtypes[0])
        valid &= np.isfinite(z)
        t = d.transform
        if t.e > 0:
            z, valid, t = z[::-1], valid[::-1], Affine(t.a, 0, t.c, 0, -t.e, t.f + t.e * d.height)
        cases[name] = {
            "west": t.c, "north": t.f, "dx": t.a, "dy": -t.e,
            "values": [[float(v) if ok else None for v, ok in zip(r, m)] for r, m in zip(z, valid)],
        }


hole = base.copy()
hole[3, 4] = hole[10, 0] = -9999
write("striped", base.astype("f4"))
write("one_row_strips", base.astype("f4"), blockysize=1)
tile = dict(tiled=True, blockxsize=16, blockysize=16)
write("tiled", base.astype("f4"), **tile)
for packing in ["LZW", "DEFLATE", "PACKBITS", "ZSTD"]:
    write(f"{packing.lower()}_p1", hole.astype("f4"), compress=packing, nodata=-9999, **tile)
for packing in ["LZW", "DEFLATE", "ZSTD"]:
    write(f"{packing.lower()}_p2_i16", hole.astype("i2"), compress=packing, predictor=2, nodata=-9999, **tile)
    write(f"{packing.lower()}_p3_f32", hole.astype("f4"), compress=packing, predictor=3, nodata=-9999, **tile)
write("p3_f64", base.astype("f8"), compress="DEFLATE", predictor=3)
write("p2_f32", base.astype("f4"), compress="DEFLATE", predictor=2)
write("bigtiff", base.astype("f4"), BIGTIFF="YES", compress="DEFLATE", **tile)
write("big_endian", hole.astype("f4"), ENDIANNESS="BIG", nodata=-9999)
write("big_endian_p2", hole.astype("i2"), ENDIANNESS="BIG", compress="LZW", predictor=2, nodata=-9999)
write("big_endian_p3", base.astype("f4"), ENDIANNESS="BIG", compress="LZW", predictor=3)
write("big_endian_bigtiff", base.astype("i4"), ENDIANNESS="BIG", BIGTIFF="YES")
for dtype in ["u1", "i1", "u2", "i2", "u4", "i4", "f8"]:
    write(f"type_{dtype}", base.astype(dtype) if dtype[0] == "u" else (base - 20).astype(dtype))
write("nbits_5", (base % 32).astype("u1"), NBITS=5)
write("nbits_12", (base * 16).astype("u2"), NBITS=12)
write("nbits_1", (base > 30).astype("u1"), NBITS=1)
write("float16", base.astype("f4"), NBITS=16)
write("white_is_zero_u1", base.astype("u1"), photometric="MINISWHITE")
write("white_is_zero_i2", (base - 20).astype("i2"), photometric="MINISWHITE")
write("white_is_zero_f4", base.astype("f4"), photometric="MINISWHITE")
inside = dict(env=dict(GDAL_TIFF_INTERNAL_MASK="YES"))
half = np.where(np.arange(W)[None] < 8, 0, 255).astype("u1") * np.ones((H, 1), "u1")
write("masked_strips", base.astype("f4"), mask=half, **inside)
write("masked_tiles", base.astype("f4"), mask=half, compress="DEFLATE", **tile, **inside)
write("masked_beside", base.astype("f4"), mask=half, env=dict(GDAL_TIFF_INTERNAL_MASK="NO"))
write("alpha", np.stack([base.astype("f4"), (half > 0).astype("f4") * 255]), ALPHA="YES")
write("alpha_planes", np.stack([base.astype("u2"), (half > 0).astype("u2") * 65535]), ALPHA="YES", interleave="band")
write("south_up", hole.astype("f4"), nodata=-9999, transform=Affine(10, 0, 405000, 0, 10, 2497820))
write("point", base.astype("f4"), tags={"AREA_OR_POINT": "Point"})
write("no_data_nan", np.where(hole == -9999, np.nan, hole).astype("f4"), nodata=np.nan)
write("no_data_min", np.where(hole == -9999, -3.4028234663852886e38, hole).astype("f4"), nodata=-3.4028234663852886e38)


def scaled(d):
    d.scales, d.offsets = [0.1], [-5]


write("scaled", np.where(hole == -9999, -32768, hole * 10).astype("i2"), nodata=-32768, after=scaled)


def sparse(name, **profile):
    with rasterio.open(f"{name}.tif", "w", driver="GTiff", width=64, height=48, count=1, dtype="float32", crs="EPSG:4547",
                       transform=place, nodata=-9999, SPARSE_OK="TRUE", **profile) as d:
        d.write(base.astype("f4")[:16, :16], 1, window=rasterio.windows.Window(16, 16, 16, 16))
    with rasterio.open(f"{name}.tif") as d:
        z = d.read(1)
        cases[name] = {"west": 405000.0, "north": 2498000.0, "dx": 10.0, "dy": 10.0,
                       "values": [[float(v) if v != -9999 else None for v in r] for r in z]}


sparse("sparse", compress="DEFLATE", **tile)
sparse("sparse_plain", **tile)

with open("expected.json", "w") as f:
    json.dump(cases, f, separators=(",", ":"))
print(len(cases))
