// What a record would say at another input, from formulas that resviz wrote of it.
//
// `makeWhatIf(data)` takes what `resviz.pages.what_if` builds. The function that it
// returns takes the sizes of one sample, as [3, 224, 224], or of each input, and a
// batch. It throws an Error whose message is the reason where there is no answer.
"use strict";

const SAMPLES = 0; // the unknown that all inputs share

// The sizes of one sample of each input, without the axis that the batch lies in.
function listSampleSizes(data, inputs) {
  return inputs.map((shape, number) => shape.filter((_, axis) => data.inputs[number][axis] !== SAMPLES));
}

// Bytes that are held while each operation runs, of those of each storage.
function listHeldBytes(data, bytes) {
  const held = new Float64Array(data.operations + 1);
  data.storages.forEach(([, made, released], number) => {
    held[made] += bytes[number];
    held[released] -= bytes[number];
  });
  for (let operation = 1; operation < held.length; operation += 1) held[operation] += held[operation - 1];
  return held.subarray(0, data.operations);
}

function makeWhatIf(data) {
  const NEAR_SIDES = [
    ...Array.from({ length: 16 }, (_, k) => k + 1),
    ...Array.from({ length: 12 }, (_, k) => 20 + 4 * k),
  ];

  class Sizes {
    constructor(inputs) {
      this.unknowns = [];
      this.known = new Map();
      inputs.forEach((shape, number) =>
        shape.forEach((size, axis) => {
          this.unknowns[data.inputs[number][axis]] = size;
        }),
      );
      data.unknowns.forEach((unknown, number) => {
        if (unknown[0] !== "axis") this.unknowns[number] = this.findUnknown(unknown);
      });
    }

    findUnknown([kind, first, second, third]) {
      if (kind === "choice") return this.value(this.holds(first) ? second : third);
      const value = this.value(first);
      if (kind === "scaled") return Math.floor(value * second);
      const divisor = this.value(second);
      const quotient = Math.floor(value / divisor);
      return kind === "quotient" ? quotient : value - quotient * divisor;
    }

    holds(number) {
      const [difference, isZero] = data.conditions[number];
      const value = this.value(difference);
      return isZero ? value === 0 : value < 0;
    }

    value(number) {
      if (!this.known.has(number)) {
        let sum = 0;
        for (const [count, ...product] of data.polynomials[number]) {
          sum += product.reduce((value, k) => value * this.unknowns[k], count);
        }
        this.known.set(number, sum);
      }
      return this.known.get(number);
    }

    shape(number) {
      return data.shapes[number].map((axis) => this.value(axis));
    }
  }

  const isRecorded = (inputs) => `${inputs}` === `${data.recorded}`;

  const isDue = (sizes, [answers]) =>
    answers.every(([condition, answer]) => sizes.holds(condition) === !!answer);

  function findRefusal(sizes) {
    return data.checks.find((check) => isDue(sizes, check));
  }

  function writeReason(sizes, [, parts]) {
    return parts
      .map((part) => {
        if (typeof part === "string") return part;
        const value = sizes.value(part[0]);
        return part[1] === "," ? value.toLocaleString("en-US") : `${value}`;
      })
      .join("");
  }

  function suggestNearSizes(inputs) {
    const [first, ...others] = inputs;
    const found = [];
    for (const sign of [-1, 1]) {
      for (const change of first.length > 2 ? NEAR_SIDES : []) {
        const near = first.map((size, axis) => size + (axis > 1 ? sign * change : 0));
        if (Math.min(...near) > 0 && !findRefusal(new Sizes([near, ...others]))) {
          found.push(near.slice(1).join(","));
          break;
        }
      }
    }
    if (found.length) return `near it, ${found.join(" and ")} work`;
    const recorded = data.recorded[0].slice(1).join(",");
    return `it works at ${recorded}, with which it was recorded`;
  }

  const writeTuple = (shape) =>
    shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;

  // Shapes of the inputs, with the batch put in.
  function findInputs(samples, batch) {
    const given = Array.isArray(samples[0]) ? samples : [samples];
    const recordedSamples = listSampleSizes(data, data.recorded);
    return data.recorded.map((recorded, number) => {
      const unknowns = data.inputs[number];
      const sizes = given[number];
      const rest = [...(sizes || recordedSamples[number])];
      const shape = unknowns.map((unknown, axis) => {
        if (unknown !== SAMPLES) return rest.shift();
        return batch === undefined ? recorded[axis] : batch;
      });
      if (rest.length || shape.some((size) => !(Number.isInteger(size) && size > 0))) {
        throw new Error(
          `input ${sizes || batch}: recorded was ${writeTuple(recorded)}, and ` +
            "whole numbers from 1 on are wanted",
        );
      }
      return shape;
    });
  }

  return function whatIf(samples, batch) {
    const inputs = findInputs(samples, batch);
    const sizes = new Sizes(inputs);
    const refusal = isRecorded(inputs) ? undefined : findRefusal(sizes);
    if (refusal) {
      const remedy = refusal[2] ? suggestNearSizes(inputs) : "trace it again";
      const place = `${data.name} at ${inputs.map(writeTuple).join(" and ")}`;
      throw new Error(`${place}: ${writeReason(sizes, refusal)}; ${remedy}`);
    }
    const layers = data.layers.map(([outputs, macs, activations, elements]) => ({
      outputs: outputs.map((shape) => sizes.shape(shape)),
      macs: sizes.value(macs),
      activations: sizes.value(activations),
      elements: sizes.value(elements),
    }));
    const add = (key) => layers.reduce((sum, layer) => sum + layer[key], 0);
    const storages = data.storages.map(([size]) => sizes.value(size));
    return {
      inputs,
      layers,
      storages,
      params: data.params,
      macs: add("macs"),
      activations: add("activations"),
      elements: add("elements"),
      outputs: data.outputs.map(([layer, output]) =>
        layer < 0 ? inputs[output] : layers[layer].outputs[output],
      ),
      peak: listHeldBytes(data, storages).reduce((most, held) => Math.max(most, held), 0),
      kept: data.kept && data.kept.reduce((sum, number) => sum + storages[number], 0),
    };
  };
}
