// What a first round comes to, reckoned while the form is filled in. In a balanced design each triplet holds three
// places, so a split of n stimuli with k places each makes n·k/3 triplets, rounded up. A label is asked for once of
// each stimulus. Where only disagreement is asked on, the votes lie between the first ones of all and all of all.

const form = document.querySelector("#new-campaign");
const output = form?.querySelector("output");

/** @param {string} name */
const text = (name) => form.elements.namedItem(name)?.value ?? "";

/** @param {string} name */
const number = (name) => Number(text(name));

/** @param {number} count @param {string} word @param {string} [words] */
const counted = (count, word, words = `${word}s`) => `${count.toLocaleString("en")} ${count === 1 ? word : words}`;

/** @param {number} least @param {number} most */
const range = (least, most) =>
  least === most ? most.toLocaleString("en") : `${least.toLocaleString("en")} to ${most.toLocaleString("en")}`;

const SECONDS_A_VOTE = 5;

function estimate() {
  const sizes = (document.querySelector(`[data-collection="${CSS.escape(text("collection"))}"]`)?.dataset.sizes ?? "")
    .split(",")
    .map(Number);
  const kind = text("kind");
  const inTriplets = sizes.filter((size) => size >= 3);
  const used = kind === "triplet" ? inTriplets : sizes;
  const stimuli = used.reduce((sum, size) => sum + size, 0);
  const triplets =
    kind === "label" ? 0 : inTriplets.reduce((sum, size) => sum + Math.ceil((size * number("per_stimulus")) / 3), 0);
  const labels = kind === "triplet" ? 0 : stimuli;
  const questions = triplets + labels;
  const most = questions * number("votes_per_question");
  const least = questions * (number("votes_first") || number("votes_per_question"));
  const bundles = Math.ceil(questions / number("hit_size"));
  output.hidden = !(most > 0 && Number.isFinite(bundles));
  if (output.hidden) return;
  const made = [triplets ? counted(triplets, "triplet") : "", labels ? counted(labels, "label") : ""];
  const hours = (votes) => Math.max(1, Math.round((votes * SECONDS_A_VOTE) / 3600));
  output.textContent =
    `${counted(stimuli, "stimulus", "stimuli")} make ${made.filter(Boolean).join(" and ")} in ` +
    `${counted(bundles, "bundle")}: ${range(least, most)} ${most === 1 ? "vote" : "votes"}, about ` +
    `${range(hours(least), hours(most))} ${hours(most) === 1 ? "hour" : "hours"} of looking at five seconds each.`;
}

if (form && output) {
  form.addEventListener("input", estimate);
  estimate();
}
