// The message of a flood run (SGS1): its header can be changed without touching the cells.

/** The part of the header that a what-if changes; the rest is kept as it came. */
export interface SetupHeader {
  n_cols: number;
  n_rows: number;
  scheme: string;
  duration_s: number;
  output_interval_s: number;
  rain_mm_h: [number, number][];
  boundaries: { cells: number[]; level_m: [number, number][] | null }[];
  [rest: string]: unknown;
}

/** What differs from the forecast. */
export interface WhatIf {
  /** Design rain: rate [mm/h] and length [h]; `null` keeps the forecast's. */
  rain: { mm_h: number; hours: number } | null;
  /** Rise of the sea over the forecast's [m]. */
  sea_m: number;
  duration_h: number;
}

/** The message with another header. */
export function changed(message: ArrayBuffer, whatIf: WhatIf): ArrayBuffer {
  const length = new DataView(message).getUint32(4, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(message, 8, length))) as SetupHeader;
  header.duration_s = whatIf.duration_h * 3600;
  if (whatIf.rain) {
    const end = whatIf.rain.hours * 3600;
    const { mm_h } = whatIf.rain;
    header.rain_mm_h = mm_h > 0 ? [[0, mm_h], [end, mm_h], [end + 1, 0]] : [];
  }
  for (const boundary of header.boundaries) boundary.level_m = boundary.level_m?.map(([time, level]) => [time, level + whatIf.sea_m]) ?? null;
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = (text.length + 3) & ~3;
  const cells = new Uint8Array(message, 8 + length);
  const out = new Uint8Array(8 + padded + cells.length).fill(0x20, 8 + text.length, 8 + padded);
  out.set(new Uint8Array(message, 0, 4));
  new DataView(out.buffer).setUint32(4, padded, true);
  out.set(text, 8);
  out.set(cells, 8 + padded);
  return out.buffer;
}
