// Lines on the ground, widened on the screen.
#import bevy_pbr::mesh_view_bindings::view
#import stormgrid::common::clip_nearer

struct Ribbon {
    colour: vec4<f32>,
    // Least width [px], width on the ground [m], height above the ground [m], share drawn nearer.
    width: vec4<f32>,
}

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<uniform> ribbon: Ribbon;

struct Vertex {
    @location(0) position: vec3<f32>,
    // The other end of the piece and the side.
    @location(1) end: vec4<f32>,
}

struct Varyings {
    @builtin(position) clip: vec4<f32>,
    @location(0) opacity: f32,
}

// Behind the camera a point has no place on the screen.
const NEAR: f32 = 0.01;

// Widened across the line on the screen: the same width from everywhere.
fn on_screen(position: vec3<f32>, end: vec3<f32>, side: f32) -> vec4<f32> {
    var here = clip_nearer(position, ribbon.width.w);
    let there = view.clip_from_world * vec4<f32>(end, 1.0);
    let size = view.viewport.zw;
    let a = here.xy / max(here.w, NEAR) * size;
    let b = there.xy / max(there.w, NEAR) * size;
    let along = (b - a) / max(length(b - a), 1e-4);
    let half = 0.5 * ribbon.width.x;
    let across = vec2<f32>(-along.y, along.x) * side * half;
    // A little longer than the piece, so that corners have no notch.
    let offset = (across - along * min(half, 1.5)) * 2.0 / size;
    return vec4<f32>(here.xy + offset * here.w, here.zw);
}

// Widened on the ground, as a road is; `metres` a pixel's width there.
fn on_ground(position: vec3<f32>, end: vec3<f32>, side: f32, metres: f32) -> vec4<f32> {
    let way = end.xz - position.xz;
    let along = way / max(length(way), 1e-4);
    let half = 0.5 * max(ribbon.width.y, ribbon.width.x * metres);
    let offset = vec2<f32>(along.y, -along.x) * side * half - along * 0.4 * half;
    return clip_nearer(position + vec3<f32>(offset.x, 0.0, offset.y), ribbon.width.w);
}

@vertex
fn vertex(in: Vertex) -> Varyings {
    var out: Varyings;
    let lift = vec3<f32>(0.0, ribbon.width.z, 0.0);
    out.opacity = 1.0;
    if (ribbon.width.y > 0.0) {
        let far = (view.clip_from_world * vec4<f32>(in.position, 1.0)).w;
        // view.clip_from_view[1][1] is the cotangent of half the field of view.
        let metres = max(far, NEAR) * 2.0 / (view.viewport.w * view.clip_from_view[1][1]);
        out.clip = on_ground(in.position + lift, in.end.xyz + lift, in.end.w, metres);
        // Narrower than a pixel it is drawn a pixel wide and fainter.
        out.opacity = clamp(ribbon.width.y / (ribbon.width.x * metres), 0.3, 1.0);
    } else {
        out.clip = on_screen(in.position + lift, in.end.xyz + lift, in.end.w);
    }
    return out;
}

@fragment
fn fragment(in: Varyings) -> @location(0) vec4<f32> {
    return vec4<f32>(ribbon.colour.rgb, ribbon.colour.a * in.opacity);
}
