// The face of the solver that `wasm-bindgen` writes, as far as the worker uses it.

export default function init(options: { module_or_path: string }): Promise<unknown>;

export class BrowserRun {
  constructor(message: Uint8Array);
  advance(steps: number): boolean;
  take_frame(): Uint8Array<ArrayBuffer>;
  is_done(): boolean;
  n_frames(): number;
  time_s(): number;
  duration_s(): number;
  open_cells(): number;
  steps(): number;
  cell_updates(): number;
  volume_error_rel(): number;
  digest(): string;
}
