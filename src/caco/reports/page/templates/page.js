"use strict";
(function () {
  const PAGE = 25;
  const TEXTS = [
    ["reason", "Reason"], ["problem", "Problem"], ["solution", "Solution"], ["answer", "Answer"],
    ["stated", "Stated answer"], ["program", "Program"], ["input", "Input"],
  ];
  const at = (id) => document.getElementById(id);
  const rows = JSON.parse(at("data").textContent);
  const run = document.body.dataset.run;
  const query = at("query"), stage = at("stage"), verdict = at("verdict");
  let found = rows, first = 0;

  function element(tag, text, css) {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    if (css) made.className = css;
    return made;
  }

  function options(select, every, names) {
    const chosen = select.value, counts = new Map();
    for (const name of names) counts.set(name, (counts.get(name) || 0) + 1);
    select.replaceChildren(new Option(`${every} (${names.length.toLocaleString("en")})`, ""));
    for (const [name, n] of counts) {
      select.add(new Option(`${name} (${n.toLocaleString("en")})`, name));
    }
    select.value = counts.has(chosen) ? chosen : "";
  }

  function words(row) {
    if (!row.words) {
      const texts = TEXTS.map(([name]) => row[name] || "");
      row.words = [row.id, ...texts, ...row.lineage.flat()].join("\n").toLowerCase();
    }
    return row.words;
  }

  function body(row) {
    const made = document.createDocumentFragment();
    for (const [name, title] of TEXTS) {
      if (row[name]) made.append(element("h3", title, "part"), element("pre", row[name]));
    }
    const lineage = element("dl", "", "facts");
    for (const [name, value] of [["identity", row.id], ...row.lineage]) {
      const pair = element("div");
      pair.append(element("dt", name), element("dd", value));
      lineage.append(pair);
    }
    const command = element("p", "All it was made from, and all that depends on it: ", "note");
    command.append(element("code", `python scripts/audit.py trace ${run} ${row.id.split(" ")[0]}`));
    made.append(element("h3", "Lineage", "part"), lineage, command);
    return made;
  }

  function item(row) {
    const made = element("details", "", "row");
    const summary = element("summary");
    const good = row.verdict === "accepted" || row.verdict === "correct";
    const text = row.problem || row.program || row.solution || row.id;
    summary.append(
      element("span", `${row.stage}: ${row.verdict}`, `verdict ${good ? "good" : "bad"}`),
      ` ${text.length > 160 ? `${text.slice(0, 160)}...` : text}`,
    );
    made.append(summary);
    made.addEventListener("toggle", () => {
      if (made.open && made.children.length === 1) made.append(body(row));
    });
    return made;
  }

  function draw() {
    const shown = found.slice(first, first + PAGE);
    at("list").replaceChildren(...shown.map(item));
    at("found").textContent = shown.length
      ? `Rows ${first + 1} to ${first + shown.length} of ${found.length.toLocaleString("en")}`
      : "No row has all of this.";
    at("previous").disabled = first === 0;
    at("next").disabled = first + PAGE >= found.length;
  }

  function filter() {
    const wanted = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const ofStage = rows.filter((row) => !stage.value || row.stage === stage.value);
    options(verdict, "all", ofStage.map((row) => row.verdict));
    found = ofStage.filter((row) => (!verdict.value || row.verdict === verdict.value)
      && wanted.every((word) => words(row).includes(word)));
    first = 0;
    draw();
  }

  function turn(by) {
    first += by;
    draw();
    at("found").scrollIntoView();
  }

  let waiting;
  query.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 150);
  });
  stage.addEventListener("change", filter);
  verdict.addEventListener("change", filter);
  query.form.addEventListener("submit", (event) => event.preventDefault());
  at("previous").addEventListener("click", () => turn(-PAGE));
  at("next").addEventListener("click", () => turn(PAGE));
  options(stage, "all", rows.map((row) => row.stage));
  if (rows.some((row) => row.stage === "corpus")) stage.value = "corpus";
  filter();
  at("browser").hidden = false;
  at("static").hidden = true;
})();
