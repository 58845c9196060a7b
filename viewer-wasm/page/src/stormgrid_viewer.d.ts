// The face that wasm-bindgen writes beside the page, as far as the page uses it; see ../../API.md.

export default function init(options: { module_or_path: URL }): Promise<unknown>;
export function on_event(handler: (event: never) => void): void;
export function start(canvas: string, options: { reduced_motion?: boolean; pixel_ratio_max?: number }): Promise<void>;
export function set_site(site: unknown): void;
export function set_terrain(bytes: Uint8Array): void;
export function terrain_cell(): number;
export function add_city_chunk(bytes: Uint8Array): void;
export function set_layer(id: string, geojson: string, style: unknown): void;
export function remove_layer(id: string): void;
export function project(x: number, y: number, z: number): unknown;
export function set_exposure(layer: string, codes: string[], colours: Uint8Array): void;
export function set_visible(names: string[]): void;
export function set_water_interval(seconds: number): void;
export function set_water_frame(index: number, bytes: Uint8Array): void;
export function clear_water(): void;
export function set_time(seconds: number): void;
export function select(selection: unknown): void;
export function set_view(view: unknown): void;
export function get_view(): unknown;
export function set_free(part: Float64Array): void;
export function fly_to(view: unknown, seconds: number | undefined): void;
export function fly_to_feature(layer: string, code: string): boolean;
export function pick(x: number, y: number): unknown;
export function orbit(frames: number): Promise<Float64Array>;
export function settled(): Promise<void>;
export function state(): unknown;
export function stats(): unknown;
