
  // ---- The worst attack where threats share a loss. Of two functions of a name, the later runs.

  function attackOf(steps, bandwidth) {
    // A step of four numbers ends the threat of its third number, which causes the same loss.
    let rest = bandwidth;
    const rows = new Map();
    for (const step of steps) {
      const several = step.length === 3;
      const [label, bits] = several
        ? [`${step[0]} other${step[0] === 1 ? "" : "s"}`, step[1]]
        : data.threats[step[0]];
      const replaces = step.length === 4;
      const need = replaces ? step[3] : bits;
      const effort = need <= rest ? 1 : rest / need;
      if (effort <= 0) break;
      rest = Math.max(0, rest - need);
      if (replaces) rows.get(step[2]).effort = 1 - effort;
      rows.set(several ? step : step[0], { label, several, effort, bits, loss: step[several ? 2 : 1] });
    }
    return [...rows.values()]
      .filter((row) => row.effort > 0)
      .map((row) => ({ ...row, bits: row.effort * row.bits, loss: row.effort * row.loss }));
  }
