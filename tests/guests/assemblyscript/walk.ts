// AssemblyScript 0.28.20: asc walk.ts --sourceMap --debug -O0 --runtime stub --use abort= -o walk.wasm; the map's
// sourcesContent, which outpost does not read, is left out.
let steps: i32 = 0;

function leaf(value: i32): i32 {
  let twice = value * 2;
  steps += 1;
  return twice + steps;
}

function descend(depth: i32): i32 {
  if (depth == 0) {
    return leaf(20);
  }
  let below = descend(depth - 1);
  steps += below;
  return below + depth;
}

export function run(depth: i32): i32 {
  let result = 0;
  for (let i = 0; i < 2; i++) {
    result += descend(depth);
  }
  return result;
}
