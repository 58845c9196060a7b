//! What the page hears, and the promises that wait for a frame.

use std::cell::RefCell;

use js_sys::{Float64Array, Function, Promise};
use stormgrid_scene::model::Happened;
use wasm_bindgen::prelude::*;

use crate::types::{error, object, pick_value, view_value};

/// Resolves a promise, and the function that rejects it.
type Waiting = (Function, Function);

thread_local! {
    static HANDLER: RefCell<Option<Function>> = const { RefCell::new(None) };
    static SETTLED: RefCell<Vec<Waiting>> = const { RefCell::new(Vec::new()) };
    static ORBITS: RefCell<Vec<Waiting>> = const { RefCell::new(Vec::new()) };
}

/// Replaces the handler.
pub fn set_handler(handler: Function) {
    HANDLER.set(Some(handler));
}

/// Tells the page, after the present call has returned: a handler may call the engine.
pub fn tell(event: JsValue) {
    let Some(handler) = HANDLER.with_borrow(Clone::clone) else {
        return;
    };
    wasm_bindgen_futures::spawn_local(async move {
        if let Err(thrown) = handler.call1(&JsValue::NULL, &event) {
            web_sys::console::error_2(&"the handler of the viewer's events threw".into(), &thrown);
        }
    });
}

/// Tells the page of an error, and everybody who waits for a frame.
pub fn tell_error(code: &str, message: &str) {
    tell(object(&[
        ("type", "error".into()),
        ("code", code.into()),
        ("message", message.into()),
    ]));
    for list in [&SETTLED, &ORBITS] {
        for (_, reject) in list.with_borrow_mut(std::mem::take) {
            let _ = reject.call1(&JsValue::NULL, &error(message));
        }
    }
}

/// A promise that is kept when the picture is complete.
pub fn when_settled() -> Promise {
    wait_in(&SETTLED)
}

/// A promise of the times of an orbit.
pub fn when_orbited() -> Promise {
    wait_in(&ORBITS)
}

/// The picture is complete.
pub fn settle() {
    for (resolve, _) in SETTLED.with_borrow_mut(std::mem::take) {
        let _ = resolve.call0(&JsValue::NULL);
    }
}

/// Tells the page what has happened in the model.
pub fn tell_happened(happened: Vec<Happened>) {
    for event in happened {
        match event {
            Happened::Picked(pick) => tell(object(&[
                ("type", "picked".into()),
                ("pick", pick_value(pick.as_ref())),
            ])),
            Happened::ViewChanged(view) => tell(object(&[
                ("type", "view_changed".into()),
                ("view", view_value(&view)),
            ])),
            Happened::Orbited(times) => {
                let times = Float64Array::from(times.as_slice());
                for (resolve, _) in ORBITS.with_borrow_mut(std::mem::take) {
                    let _ = resolve.call1(&JsValue::NULL, &times);
                }
            }
        }
    }
}

fn wait_in(list: &'static std::thread::LocalKey<RefCell<Vec<Waiting>>>) -> Promise {
    Promise::new(&mut |resolve, reject| list.with_borrow_mut(|l| l.push((resolve, reject))))
}
