// Water: colour by depth with the stops of the page's legend.
#import stormgrid::common::{linear, haze_colour, haze, clip_nearer}

struct Vertex {
    @location(0) position: vec3<f32>,
    // Depth [m]; 1 inside, 0 on the shore.
    @location(1) depth_shore: vec2<f32>,
}

struct Varyings {
    @builtin(position) clip: vec4<f32>,
    @location(0) depth_shore_haze: vec3<f32>,
}

// Depth of flood [m]: 0.05, 0.15, 0.3, 0.5, 1.0, 2.0; rivers, ponds and canals have 0 and a colour of their own.
fn water_colour(depth: f32) -> vec3<f32> {
    let river = vec3<f32>(0.478, 0.580, 0.600);
    if depth < 0.02 {
        return river;
    }
    var colour = mix(vec3<f32>(0.725, 0.890, 1.0), vec3<f32>(0.549, 0.784, 0.984), saturate((depth - 0.05) / 0.10));
    colour = mix(colour, vec3<f32>(0.353, 0.663, 0.941), saturate((depth - 0.15) / 0.15));
    colour = mix(colour, vec3<f32>(0.184, 0.518, 0.863), saturate((depth - 0.3) / 0.2));
    colour = mix(colour, vec3<f32>(0.082, 0.373, 0.722), saturate((depth - 0.5) / 0.5));
    return mix(colour, vec3<f32>(0.047, 0.247, 0.525), saturate(depth - 1.0));
}

@vertex
fn vertex(in: Vertex) -> Varyings {
    var out: Varyings;
    // A film of water over ground that is drawn from coarser samples must not flicker.
    out.clip = clip_nearer(in.position, 0.0008);
    out.depth_shore_haze = vec3<f32>(in.depth_shore, haze(in.position));
    return out;
}

@fragment
fn fragment(in: Varyings) -> @location(0) vec4<f32> {
    let depth = in.depth_shore_haze.x;
    let colour = mix(linear(water_colour(depth)), haze_colour(), in.depth_shore_haze.z);
    let shore = smoothstep(-0.08, 0.3, in.depth_shore_haze.y);
    return vec4<f32>(colour, shore * mix(0.78, 0.97, saturate(depth * 0.8)));
}
