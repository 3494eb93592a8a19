// What a first round comes to, reckoned while the form is filled in. In a balanced design each triplet holds three
// places, so a split of n stimuli with k places each makes n·k/3 triplets, rounded up.

const form = document.querySelector("#new-campaign");
const output = form?.querySelector("output");

/** @param {string} name */
const number = (name) => Number(form.elements.namedItem(name)?.value);

/** @param {number} count @param {string} word */
const counted = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

function estimate() {
  const collection = form.elements.namedItem("collection")?.value;
  const sizes = (document.querySelector(`[data-collection="${CSS.escape(collection)}"]`)?.dataset.sizes ?? "")
    .split(",")
    .map(Number)
    .filter((size) => size >= 3);
  const stimuli = sizes.reduce((sum, size) => sum + size, 0);
  const triplets = sizes.reduce((sum, size) => sum + Math.ceil((size * number("per_stimulus")) / 3), 0);
  const votes = triplets * number("votes_per_question");
  const bundles = Math.ceil(triplets / number("hit_size"));
  output.hidden = !(votes > 0 && Number.isFinite(bundles));
  if (output.hidden) return;
  output.textContent =
    `${counted(stimuli, "stimulus").replace("stimuluss", "stimuli")} make ${counted(triplets, "triplet")} in ` +
    `${counted(bundles, "bundle")}: ${counted(votes, "vote")}, about ` +
    `${counted(Math.max(1, Math.round((votes * 5) / 3600)), "hour")} of looking at five seconds each.`;
}

if (form && output) {
  form.addEventListener("input", estimate);
  estimate();
}
