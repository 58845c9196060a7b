// The ramps of the map. All are readable with the common kinds of colour blindness: lightness falls monotonically.

/** Rivers, ponds and canals, as the shader of the water has them: no flood. */
export const PERMANENT_COLOUR = "#7a9499";

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

/** Where nothing is known: grey, and never the colour of dry ground. */
export const UNKNOWN_COLOUR = "#8a8f94";

/** Probability of at least a depth, and its colour. */
export const CHANCE_STOPS: [number, string][] = [
  [0.01, "#efe9f7"],
  [0.1, "#d3c3e8"],
  [0.3, "#b191d4"],
  [0.5, "#8c5cba"],
  [0.7, "#683295"],
  [0.9, "#43106b"],
];

/** The bar of a probability in lists. */
export const CHANCE_BAR = "#b191d4";

/** How much deeper B is than A [m], and its colour: green shallower, purple deeper. */
export const DIFFERENCE_STOPS: [number, string][] = [
  [Number.NEGATIVE_INFINITY, "#1b7837"],
  [-0.3, "#5aae61"],
  [-0.1, "#a6dba0"],
  [-0.02, "#e4e4e4"],
  [0.02, "#dcc3e6"],
  [0.1, "#9970ab"],
  [0.3, "#5f1f77"],
];

/** Combined hazard levels 1 to 4 in the colours of warnings: blue, yellow, orange, red. */
export const LEVEL_COLOURS = ["#3f86e0", "#f2d13c", "#f08a2c", "#d7263d"];

/** The four colours of warnings. */
export const WARNING_COLOURS: Record<string, string> = { blue: "#3f86e0", yellow: "#f2d13c", orange: "#f08a2c", red: "#d7263d" };

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
