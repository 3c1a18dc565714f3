"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { points, values, lower, upper, pieces } = data;
  const last = points.length - 1;
  const from = points[0];
  const until = data.ends ? points[last] : Infinity;
  const MOST_BARS = 10;
  const LONGEST_LABEL = 22;
  const SAID_AFTER = 400;
  const $ = (id) => document.getElementById(id);
  const still = matchMedia("(prefers-color-scheme: dark)");
  let printing = false;
  let now = NaN;
  let drawing = 0;
  let saying = 0;

  // ---- The answer at a bandwidth, from the pieces alone.

  function sum(terms) {
    // Neumaier's: no digit is lost on the way.
    let total = 0;
    let lost = 0;
    for (const term of terms) {
      const next = total + term;
      lost += Math.abs(total) >= Math.abs(term) ? total - next + term : term - next + total;
      total = next;
    }
    return total + lost;
  }

  function along(heights, bandwidth) {
    if (bandwidth >= points[last]) return heights[last];
    let left = 0;
    let right = last;
    while (right - left > 1) {
      const middle = (left + right) >> 1;
      if (points[middle] <= bandwidth) left = middle;
      else right = middle;
    }
    const slope = (heights[left + 1] - heights[left]) / (points[left + 1] - points[left]);
    return slope * (bandwidth - points[left]) + heights[left];
  }

  function pieceAt(bandwidth) {
    let left = 0;
    let right = last - 1;
    while (left < right) {
      const middle = (left + right + 1) >> 1;
      if (points[middle] <= bandwidth) left = middle;
      else right = middle - 1;
    }
    return left;
  }

  function attackOf(steps, bandwidth) {
    let rest = bandwidth;
    const rows = [];
    for (const step of steps) {
      const several = step.length === 3;
      const [label, need] = several
        ? [`${step[0]} other${step[0] === 1 ? "" : "s"}`, step[1]]
        : data.threats[step[0]];
      const effort = need <= rest ? 1 : rest / need;
      if (effort <= 0) break;
      rest = Math.max(0, rest - need);
      rows.push({ label, several, effort, bits: effort * need, loss: effort * step[step.length - 1] });
    }
    return rows;
  }

  function decisionAt(bandwidth) {
    const found = data.decisions.find(([, end]) => end === null || bandwidth <= end);
    return found ? found[0] : "";
  }

  function answerAt(bandwidth) {
    const k = pieceAt(bandwidth);
    const beyond = bandwidth >= points[last];
    const width = points[k + 1] - points[k];
    return {
      value: along(values, bandwidth),
      lower: along(lower, bandwidth),
      upper: along(upper, bandwidth),
      slope: beyond || width === 0 ? 0 : (values[k + 1] - values[k]) / width,
      decision: decisionAt(bandwidth),
      piece: pieces[k],
    };
  }

  // ---- Text.

  function brief(number) {
    const size = Math.abs(number);
    if (size >= 1e15 || (size > 0 && size < 1e-9)) return String(Number(number.toPrecision(4)));
    return number.toLocaleString("en-US", { maximumSignificantDigits: 4 });
  }

  function bits(amount) {
    const text = brief(amount);
    return text === "1" ? "1 bit" : `${text} bits`;
  }

  function cell(kind, content, isNumber) {
    const element = document.createElement(kind);
    const isolated = document.createElement("bdi");
    if (typeof content === "number") {
      isolated.textContent = brief(content);
      element.title = String(content); // in full, for whoever points at it
    } else isolated.textContent = content;
    element.append(isolated);
    if (kind === "th") element.scope = "row";
    if (isNumber) element.className = "number";
    return element;
  }

  function fill(body, rows) {
    body.replaceChildren(
      ...rows.map(([label, ...numbers]) => {
        const row = document.createElement("tr");
        row.append(cell("th", label, false), ...numbers.map((content) => cell("td", content, true)));
        return row;
      }),
    );
  }

  // An amount of a resource; the amount of a kept share of work is its negative logarithm.
  const amountOf = (amount, r) => (data.kept[r] ? `${brief(100 * Math.exp(-amount))} %` : amount);

  function planHead() {
    const row = document.createElement("tr");
    const headings = ["defense", "level", ...data.resources.map((name, r) => (data.kept[r] ? `work kept (${name})` : `use of ${name}`))];
    row.append(...headings.map((text, position) => cell("th", text, position > 0)));
    for (const heading of row.children) heading.scope = "col";
    $("plan-head").replaceChildren(row);
  }

  function showPlan(plan) {
    const used = data.resources.map((_, r) => sum(plan.map(([j, level]) => level * data.defenses[j][2][r])));
    fill(
      $("plan-rows"),
      plan.map(([j, level]) => {
        const [label, , use] = data.defenses[j];
        return [label, level, ...use.map((amount, r) => amountOf(amount * level, r))];
      }),
    );
    fill($("plan-foot"), used.length ? [["total", "", ...used.map(amountOf)]] : []);
    $("plan-missing").textContent = plan.length ? "" : "No defense is funded.";
  }

  function showAttack(rows) {
    fill(
      $("attack-rows"),
      rows.map((row) => [row.label, row.several ? "-" : row.effort, row.bits, row.loss]),
    );
    const together = ["bits", "loss"].map((what) => sum(rows.map((row) => row[what])));
    fill($("attack-foot"), [["total", "", ...together]]);
    $("attack-missing").textContent = rows.length ? "" : "No threat runs.";
  }

  function say(text) {
    clearTimeout(saying);
    saying = setTimeout(() => { $("said").textContent = text; }, SAID_AFTER);
  }

  function show(bandwidth) {
    now = bandwidth;
    const answer = answerAt(bandwidth);
    const word = { operate: "Operate", terminate: "Terminate", undecided: "Undecided: the cost of stopping lies between the proven bounds", "": "None: the scenario gives no cost of stopping" }[answer.decision];
    $("at-decision").textContent = word;
    $("at-decision").className = answer.decision;
    $("at-value").textContent = brief(answer.value);
    $("at-value-exact").textContent = String(answer.value);
    $("at-lower").textContent = String(answer.lower);
    $("at-upper").textContent = String(answer.upper);
    $("at-slope").textContent = brief(answer.slope);
    const known = answer.piece !== null && answer.piece !== undefined;
    const [plan, steps] = known ? answer.piece : [[], []];
    const attack = attackOf(steps, bandwidth);
    showPlan(plan);
    showAttack(attack);
    if (!known) {
      for (const id of ["plan-missing", "attack-missing"]) {
        $(id).textContent = "Omitted to keep this page small. The value and its bounds are shown above.";
      }
      fill($("attack-foot"), []);
    }
    const words = word.toLowerCase().split(":")[0];
    const judged = answer.decision ? ` ${words}.` : "";
    say(`At ${bits(bandwidth)}:${judged} The worst attack causes ${brief(answer.value)}.`);
    cancelAnimationFrame(drawing);
    drawing = requestAnimationFrame(() => draw(plan, attack));
    document.querySelector('[data-go="previous"]').disabled = !(bandwidth > from);
    document.querySelector('[data-go="next"]').disabled = !(bandwidth < points[last]);
  }

  // ---- Charts.

  function colours() {
    const style = getComputedStyle(document.documentElement);
    const named = {};
    for (const name of ["card", "ink", "quiet", "line", "accent", "operate", "terminate", "undecided", "shade"]) {
      named[name] = style.getPropertyValue(`--${name}`).trim();
    }
    // On paper the page's own rules apply only while it is laid out, after this.
    return printing
      ? { card: "#ffffff", ink: "#000000", quiet: "#444444", line: "#bbbbbb", accent: "#1d57b0", operate: "#17663a", terminate: "#a3222b", undecided: "#7a5200", shade: "#f3f3f3" }
      : named;
  }

  // The charts' library reads a few tags and entities in labels: names are to have none.
  const plain = (text) =>
    text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("$", "&#36;");

  function label(text) {
    const letters = [...text];
    const cut = letters.length > LONGEST_LABEL ? `${letters.slice(0, LONGEST_LABEL - 1).join("")}…` : text;
    return `\u2068${plain(cut)}\u2069`;
  }

  function layoutOf(colour, more) {
    const axis = { color: colour.quiet, gridcolor: colour.line, zerolinecolor: colour.line, automargin: true, fixedrange: true };
    const { xaxis, yaxis, ...rest } = more;
    return {
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: colour.ink, family: "system-ui, sans-serif", size: 13 },
      margin: { l: 56, r: 16, t: 12, b: 44 },
      showlegend: false,
      hoverlabel: { bgcolor: colour.shade, bordercolor: colour.line, font: { color: colour.ink } },
      dragmode: false,
      xaxis: { ...axis, ...xaxis },
      yaxis: { ...axis, ...yaxis },
      ...(printing ? { width: 640 } : { width: undefined }),
      ...rest,
    };
  }

  const settings = { displayModeBar: false, responsive: true, showTips: false, doubleClick: false };

  function vertical(at, colour, dash) {
    return { type: "line", xref: "x", yref: "paper", x0: at, x1: at, y0: 0, y1: 1, line: { color: colour, width: 1.5, dash } };
  }

  function noted(at, text, colour, place, ground) {
    return { bgcolor: ground, x: at, y: place, xref: "x", yref: "paper", text, showarrow: false, xanchor: "left", yanchor: "top", xshift: 4, font: { color: colour, size: 12 } };
  }

  function drawCurve(colour) {
    const end = Math.max(points[last], Number.isFinite(until) ? from : data.bandwidth, from) || 1;
    const shapes = [vertical(data.bandwidth, colour.quiet, "dot")];
    const annotations = [noted(data.bandwidth, "scenario", colour.quiet, 0.08, colour.card)];
    if (data.loss !== null) {
      shapes.push({ type: "line", xref: "paper", x0: 0, x1: 1, y0: data.loss, y1: data.loss, line: { color: colour.terminate, width: 1.5, dash: "dash" } });
      annotations.push({ x: 1, xref: "paper", y: data.loss, text: "stopping costs", showarrow: false, xanchor: "right", yanchor: "bottom", font: { color: colour.terminate, size: 12 } });
      if (data.threshold !== null) {
        shapes.push(vertical(data.threshold, colour.terminate, "dot"));
        annotations.push(noted(data.threshold, "threshold", colour.terminate, 0.2, colour.card));
      }
      const open = data.decisions.findIndex(([decision]) => decision === "undecided");
      if (open >= 0) {
        const begin = open > 0 ? data.decisions[open - 1][1] : from;
        const finish = data.decisions[open][1] ?? Math.max(end, begin);
        shapes.push({ type: "rect", xref: "x", yref: "paper", x0: begin, x1: finish, y0: 0, y1: 1, fillcolor: colour.undecided, opacity: 0.15, line: { width: 0 } });
        annotations.push(noted(begin, "undecided", colour.undecided, 0.32, colour.card));
      }
    }
    const traces = [
      { x: points, y: values, mode: points.length > 60 ? "lines" : "lines+markers", marker: { size: 5 }, line: { color: colour.accent, width: 2.5 }, hovertemplate: "%{x} bits<br>value %{y}<extra></extra>" },
      { x: [now], y: [along(values, now)], mode: "markers", marker: { color: colour.ink, size: 13, symbol: "diamond" }, hoverinfo: "skip" },
    ];
    const top = Math.max(values[last], data.loss === null ? 0 : data.loss) * 1.08 || 1;
    const xaxis = { title: { text: "attacker bandwidth (bits)" }, range: [from, Math.max(end, Math.min(now, 1e300)) * 1.02], zeroline: false };
    const layout = layoutOf(colour, { xaxis, yaxis: { title: { text: `value (${data.unit})` }, range: [0, top] }, shapes, annotations, hovermode: "closest" });
    return Plotly.react("curve", traces, layout, settings);
  }

  function drawBars(id, bars, colour, title) {
    const shown = bars.slice(0, MOST_BARS).reverse();
    const places = shown.map((_, place) => place);
    const trace = { type: "bar", orientation: "h", x: shown.map((bar) => bar.size), y: places, marker: { color: colour.accent }, hovertemplate: "%{x}<extra></extra>" };
    const yaxis = { tickvals: places, ticktext: shown.map((bar) => label(bar.label)), range: [-0.6, Math.max(shown.length, 3) - 0.4], showgrid: false, zeroline: false };
    const layout = layoutOf(colour, { xaxis: { title: { text: title }, rangemode: "tozero" }, yaxis, bargap: 0.35 });
    return Plotly.react(id, [trace], layout, settings);
  }

  function draw(plan, attack) {
    const colour = colours();
    drawCurve(colour);
    const levels = plan.map(([j, level]) => ({ label: data.defenses[j][0], size: level / data.defenses[j][1] }));
    const losses = attack.map((row) => ({ label: row.label, size: row.loss }));
    for (const bars of [levels, losses]) bars.sort((one, other) => other.size - one.size);
    drawBars("plan-chart", levels, colour, "share of the greatest level");
    drawBars("attack-chart", losses, colour, "loss");
  }

  function redraw() {
    const { piece } = answerAt(now);
    draw(...(piece ? [piece[0], attackOf(piece[1], now)] : [[], []]));
  }

  // ---- Controls.

  function go(bandwidth, source) {
    const fits = bandwidth >= from && bandwidth <= until && Number.isFinite(bandwidth);
    $("number").setAttribute("aria-invalid", String(!fits));
    if (!fits) {
      const end = Number.isFinite(until) ? `from ${from} to ${until}` : `of at least ${from}`;
      $("refused").textContent = `Expected a number ${end}.`;
      return;
    }
    $("refused").textContent = "";
    if (source !== "slider") $("slider").value = String(bandwidth);
    if (source !== "number") $("number").value = String(bandwidth);
    $("slider").setAttribute("aria-valuetext", bits(bandwidth));
    show(bandwidth);
  }

  const goals = {
    scenario: () => data.bandwidth,
    threshold: () => data.threshold,
    previous: () => points.findLast((point) => point < now),
    next: () => points.find((point) => point > now),
  };

  function start() {
    const slider = $("slider");
    slider.min = String(from);
    slider.max = String(points[last] > from ? points[last] : from);
    slider.disabled = !(points[last] > from);
    $("number").min = String(from);
    if (Number.isFinite(until)) $("number").max = String(until);
    const reach = data.ends
      ? `This page has the frontier from ${brief(from)} to ${bits(until)}; the rest is omitted.`
      : `From ${brief(from)} to ${bits(points[last])}, which all threats need together; a greater bandwidth changes nothing.`;
    const missing = data.partly ? " Far from the scenario's attacker, plans and attacks are omitted." : "";
    const named = data.named === null ? "" : ` Attacks name about ${data.named} threats and sum up the others.`;
    $("range").textContent = reach + missing + named;
    const bracket = data.isBracket ? " The curve is a proven bracket: the value is its upper bound, and the attack may cause slightly less." : "";
    $("about-plans").textContent = `Where several plans are equally good, this part shows one plan; the section above shows the cheapest plan.${bracket}`;
    planHead();
    $("tool").hidden = false;
    slider.addEventListener("input", () => go(Number(slider.value), "slider"));
    $("number").addEventListener("input", () => go($("number").value === "" ? NaN : Number($("number").value), "number"));
    for (const button of document.querySelectorAll("[data-go]")) {
      const goal = goals[button.dataset.go];
      if (button.dataset.go === "threshold" && data.threshold === null) button.disabled = true;
      button.addEventListener("click", () => {
        const there = goal();
        if (there !== null && there !== undefined) go(there, "button");
      });
    }
    const opening = Math.min(Math.max(data.bandwidth, from), until);
    go(opening, "page");
    cancelAnimationFrame(drawing);
    redraw();
    $("curve").on("plotly_click", (event) => {
      const picked = event.points.find((point) => point.curveNumber === 0);
      if (picked) go(points[picked.pointIndex], "chart");
    });
    still.addEventListener("change", redraw);
    addEventListener("beforeprint", () => {
      printing = true; // what is folded on the screen stays folded on paper
      redraw();
    });
    addEventListener("afterprint", () => {
      printing = false;
      redraw();
    });
  }

  start();
})();
