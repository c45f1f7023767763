//! Slots, rooms and the budget of bytes, in every order that a few threads can run in
//! (reliability.md, "The test rig"). Ends with a failure at the first order in which something
//! does not hold; a deadlock and a wake-up that got lost are such.

#![forbid(unsafe_code)]

mod budget;
mod limits;
mod room;

fn main() {
    let all: [(&str, fn()); 7] = [
        ("nobody holds more than there is", budget::bounds),
        ("what is dropped is there again", budget::comes_back),
        ("what is kept gives way before anybody is refused", budget::relief),
        ("a lower limit gives nothing more", budget::resized),
        ("a slot has one holder, and who waits gets it", room::turns),
        ("a slot that is given to who leaves is not lost", room::leaving),
        ("with a full room one is turned away, and no more", room::full),
    ];
    for (claim, check) in all {
        check();
        println!("{claim}");
    }
}
