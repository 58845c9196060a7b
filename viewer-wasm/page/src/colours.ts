// The two ramps of the map. Both are readable with the common kinds of colour blindness: lightness falls monotonically.

/** Water depth [m] and its colour. The renderer's water shader has the same stops. */
export const DEPTH_STOPS: [number, string][] = [
  [0.05, "#b9e3ff"],
  [0.15, "#8cc8fb"],
  [0.3, "#5aa9f0"],
  [0.5, "#2f84dc"],
  [1.0, "#155fb8"],
  [2.0, "#0c3f86"],
];

/** Share of a grid's area under at least 0.15 m, and its colour. */
export const SHARE_STOPS: [number, string][] = [
  [0.0, "#f3efe0"],
  [0.02, "#fddb9b"],
  [0.1, "#fdae5b"],
  [0.25, "#ee6b3b"],
  [0.5, "#c62f2f"],
  [0.75, "#7f1033"],
];

/** Hazard classes H1 to H6 (Australian Rainfall and Runoff, 2019). */
export const HAZARD_COLOURS = ["#7fd18c", "#c9e265", "#ffe04a", "#ffae42", "#f4703a", "#d7263d"];

/** The colour of the class that a value falls in. */
export function classColour(stops: [number, string][], value: number): string {
  let colour = stops[0]?.[1] ?? "#888888";
  for (const [from, of] of stops) if (value >= from) colour = of;
  return colour;
}

/** `#rrggbb` as four bytes with the given opacity, 0 to 255. */
export function rgba(colour: string, alpha: number): [number, number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255, alpha];
}
