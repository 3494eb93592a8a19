"""What the voting page says from its scripts, in the person's language. {names} are filled in by the page."""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def vote_texts() -> dict[str, str]:
    """Texts by name; `.one` and `.other` are forms for numbers."""
    return {**_questions(), **_saving(), **_between(), **_practice(), **_done(), **_trouble(), **_keys()}


def _questions() -> dict[str, str]:
    return {
        "alt.reference": _("Reference"),
        "alt.left": _("Left"),
        "alt.right": _("Right"),
        "alt.stimulus": _("What is asked about"),
        "announce.triplet": _("Triplet {n} of {total}. {prompt}"),
        "announce.label": _("Label {n} of {total}. {prompt}"),
        "progress": _("{n} of {total}"),
        "undone": _("Taken back."),
        "begin": _("Begin"),
        "goon": _("Go on"),
        "number": "{n}",
    }


def _saving() -> dict[str, str]:
    return {
        "saved": _("Saved"),
        "saving": _("Saving"),
        "waiting.one": _("1 waiting"),
        "waiting.other": _("{n} waiting"),
        "uncounted.late.one": _("1 answer came after its time; it is kept but does not count."),
        "uncounted.late.other": _("{n} answers came after their time; they are kept but do not count."),
        "uncounted.closed.one": _("1 answer came after this round was closed; it is kept but does not count."),
        "uncounted.closed.other": _("{n} answers came after this round was closed; they are kept but do not count."),
        "uncounted.repeated.one": _("1 question was answered before; the first answer counts."),
        "uncounted.repeated.other": _("{n} questions were answered before; the first answers count."),
        "uncounted.withdrawn.one": _("1 answer was taken back."),
        "uncounted.withdrawn.other": _("{n} answers were taken back."),
        "uncounted.excluded.one": _("1 answer is kept but does not count."),
        "uncounted.excluded.other": _("{n} answers are kept but do not count."),
    }


def _between() -> dict[str, str]:
    return {
        "leave": _("Stop for now"),
        "home": _("To the start page"),
        "enter": _("Enter goes on"),
        "again": _("Try again"),
        "end.title.one": _("That was a bundle of 1"),
        "end.title.other": _("That was a bundle of {n}"),
        "end.text": _("Thank you. Take a breath, or go on with the next."),
        "end.break.one": _("Thank you. You have worked for a minute without a pause; a short one does the eyes good."),
        "end.break.other": _(
            "Thank you. You have worked for {n} minutes without a pause. A short one does the eyes good, and your "
            "place is kept."
        ),
        "end.go": _("Next bundle"),
        "end.back": _("Take the last answer back"),
        "end.rest": _("Take a break"),
        "end.keys": _("Enter goes on, {undo} takes the last answer back"),
        "stopped.title": _("Thank you"),
        "stopped.text": _("Your answers are saved. You can close this page, or come back to it later."),
        "stopped.go": _("Go on after all"),
        "consent.title": _("Before you begin"),
        "consent.go": _("I agree"),
        "consent.leave": _("I do not agree"),
        "away.title": _("You went on in another tab"),
        "away.text": _("Questions are asked in one tab at a time, so that none is asked twice. Your answers are kept."),
        "away.go": _("Continue here"),
        "overtaken.title": _("On to another bundle"),
        "overtaken.text": _("The time for this bundle is over. Your answers are kept."),
        "overtaken.go": _("Go on with another bundle"),
    }


def _practice() -> dict[str, str]:
    return {
        "practice.title": _("First, some practice"),
        "practice.text.one": _("One question to get used to it. You are told at once how others see it."),
        "practice.text.other": _("{n} questions to get used to it. You are told at once how others see them."),
        "practice.go": _("Start practising"),
        "practice.before": _("Practice."),
        "practice.right": pgettext("of an answer", "Right"),
        "practice.wrong.left": _("Most people choose the left one; look again."),
        "practice.wrong.right": _("Most people choose the right one; look again."),
        "practice.wrong.cant-tell": _("Most people cannot tell here; look again."),
        "practice.wrong.label": _("Most people choose “{label}”; look again."),
        "practice.score": _("{right} of {given} right"),
        "practice.all": _("That was the practice, and all of it was right. Now for the real questions."),
        "practice.some": _("That was the practice; it gets easier with every question. Now for the real ones."),
        "practice.real": _("Begin"),
    }


def _done() -> dict[str, str]:
    return {
        "facts.answers": _("Answers"),
        "facts.bundles": _("Bundles"),
        "facts.time": _("Time today"),
        "facts.minutes": _("{n} min"),
        "done.empty.title": _("Nothing to answer yet"),
        "done.empty.text": _("There is nothing to answer here at the moment."),
        "done.nothing.title": _("Thank you"),
        "done.nothing.text": _("You have answered all that there is for you here."),
        "done.share.title": _("Thank you"),
        "done.share.text": _("You have given as many answers as one person may give here; the rest is for others."),
        "done.excluded.title": _("Thank you"),
        "done.excluded.text": _("We have enough answers from you."),
        "done.paused.title": _("A pause for now"),
        "done.paused.text": _("Those who run this campaign want to look at your answers first. They are all kept."),
        "done.campaign-paused.title": _("A pause for now"),
        "done.campaign-paused.text": _("This campaign is paused. Your answers are kept; come back later."),
        "done.campaign-closed.title": _("This campaign is over"),
        "done.campaign-closed.text": _("It takes no more answers. Thank you for yours."),
    }


def _trouble() -> dict[str, str]:
    return {
        "refused.title": _("An answer was not taken"),
        "missing.title": _("A picture did not come"),
        "missing.text": _("The connection may have broken. Your answers are kept, and this page keeps trying."),
        "offline.title": _("No connection"),
        "offline.text": _("The server cannot be reached. Your answers are kept, and this page keeps trying."),
        "trouble.title": _("That did not work"),
        "signin.title": _("Please sign in again"),
        "signin.text": _("Your sign-in has ended. Your answers are kept."),
        "signin.go": _("Sign in"),
        "signin.guest.title": _("Your visit has ended"),
        "signin.guest.text": _("Your answers are kept. To go on, open the link of your invitation again."),
    }


def _keys() -> dict[str, str]:
    return {
        "keys.press": _("Press the new key for “{name}”, or Escape."),
        "keys.set": _("“{name}” is on {key} now."),
        "keys.taken": _("{key} is the key for “{name}” already; choose another one."),
        "keys.reserved": _("{key} means something else on this page; choose another one."),
        "keys.reset": _("All keys are as they were in the beginning."),
    }
