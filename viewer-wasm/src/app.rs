//! The renderer on a canvas: one for each page.

use std::cell::RefCell;
use std::rc::Rc;

use bevy::app::PanicHandlerPlugin;
use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::winit::{EventLoopProxyWrapper, WinitSettings, WinitUserEvent};
use stormgrid_core::frame::SiteFrame;
use stormgrid_scene::model::SceneModel;
use stormgrid_scene::render::pace::FrameTimes;
use stormgrid_scene::render::{ScenePlugins, SceneSystems, SharedModel};
use web_sys::HtmlElement;

use crate::events;
use crate::types::object;

/// What the interface keeps between calls.
#[derive(Default)]
pub struct Engine {
    /// The model that is drawn.
    pub model: SharedModel,
    /// What frames cost.
    pub times: FrameTimes,
    /// Where layers are laid.
    pub site: Option<SiteFrame>,
    /// The first picture is there.
    pub ready: bool,
    /// A canvas is taken.
    pub started: bool,
    /// The canvas that is drawn on.
    pub canvas: Option<HtmlElement>,
    waker: Option<Rc<dyn Fn()>>,
}

thread_local! {
    static ENGINE: RefCell<Engine> = RefCell::new(Engine::default());
}

/// Reads or changes what is kept.
pub fn engine<R>(f: impl FnOnce(&mut Engine) -> R) -> R {
    ENGINE.with_borrow_mut(f)
}

/// Reads the model.
pub fn read<R>(f: impl FnOnce(&SceneModel) -> R) -> R {
    let model = engine(|e| e.model.clone());
    let guard = model.lock();
    f(&guard)
}

/// Changes the model and wakes the renderer.
pub fn change<R>(f: impl FnOnce(&mut SceneModel) -> R) -> R {
    let model = engine(|e| e.model.clone());
    let (result, awake) = {
        let mut guard = model.lock();
        let result = f(&mut guard);
        (result, guard.is_awake())
    };
    if awake {
        wake();
    }
    result
}

/// Wakes the renderer's loop. Before the start there is none: it begins awake.
pub fn wake() {
    if let Some(waker) = engine(|e| e.waker.clone()) {
        waker();
    }
}

/// Starts the renderer; returns at once, the browser's loop goes on.
pub fn run(canvas: &str) {
    let (model, times) = engine(|e| (e.model.clone(), e.times.clone()));
    // The first frames only prepare pipelines.
    model.lock().wake_for(12);
    let mut app = App::new();
    app.add_plugins(
        DefaultPlugins
            .set(WindowPlugin {
                primary_window: Some(Window {
                    canvas: Some(canvas.to_owned()),
                    fit_canvas_to_parent: true,
                    // Tab must leave the canvas, and the page has its own keys.
                    prevent_default_event_handling: false,
                    ..default()
                }),
                ..default()
            })
            .set(LogPlugin {
                // What a browser lacks is told as warnings about features that are not used here.
                filter: "error".to_owned(),
                ..default()
            })
            // The page hears of panics through a hook of its own.
            .disable::<PanicHandlerPlugin>(),
    )
    .insert_resource(times)
    .add_plugins(ScenePlugins(model))
    .insert_resource(WinitSettings::continuous())
    .add_systems(Startup, keep_waker)
    .add_systems(Update, take_size.in_set(SceneSystems::Ingest))
    .add_systems(Last, tell);
    app.run();
}

fn keep_waker(proxy: Res<'_, EventLoopProxyWrapper>) {
    let proxy = (**proxy).clone();
    let waker = move || {
        // The loop ends with the page only.
        let _ = proxy.send_event(WinitUserEvent::WakeUp);
    };
    engine(|e| e.waker = Some(Rc::new(waker)));
}

/// The canvas in the page's pixels, which pointers and labels have too. The window counts in pixels
/// of its own where a browser pretends to another screen, as it does for developers.
fn take_size(model: Res<'_, SharedModel>) {
    let size = engine(|e| {
        e.canvas
            .as_ref()
            .map(|c| [c.client_width(), c.client_height()])
    });
    if let Some([width, height]) = size {
        model.lock().resize(f64::from(width), f64::from(height));
    }
}

/// After each frame the page hears what has happened in it.
fn tell(model: Res<'_, SharedModel>) {
    let (happened, awake) = {
        let mut model = model.lock();
        (model.take_happened(), model.is_awake())
    };
    events::tell_happened(happened);
    if !awake {
        let first = engine(|e| !std::mem::replace(&mut e.ready, true));
        if first {
            events::tell(object(&[("type", "ready".into())]));
        }
        events::settle();
    }
}
