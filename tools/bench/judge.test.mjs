// @ts-check
import { expect, test } from "vitest";
import { judge, ratios } from "./judge.mjs";

test("the median of an odd number of rounds is the middle one, of an even number the mean of the middle two", () => {
  expect(judge([3, 1, 2], undefined).median).toBe(2);
  expect(judge([4, 1, 2, 3], undefined).median).toBe(2.5);
  expect(judge([7], undefined).median).toBe(7);
});

test("a row is missed only when its median and its best round are", () => {
  expect(judge([1.5, 1.6, 1.7], { atMost: 1.4 }).verdict).toBe("missed");
  expect(judge([1.5, 1.6, 1.3], { atMost: 1.4 }).verdict).toBe("held");
  expect(judge([1.2, 1.3, 9], { atMost: 1.4 }).verdict).toBe("held");
});

test("where more is better the best round is the highest", () => {
  expect(judge([20, 30, 25], { atLeast: 28 })).toEqual({ median: 25, best: 30, worst: 20, verdict: "held" });
  expect(judge([20, 27, 25], { atLeast: 28 }).verdict).toBe("missed");
});

test("a figure that is no number holds no gate", () => {
  expect(judge([Number.NaN], { atMost: 1 }).verdict).toBe("missed");
  expect(judge([], { atLeast: 1 }).verdict).toBe("missed");
});

test("without a gate there is no verdict", () => {
  expect(judge([2, 1], undefined)).toEqual({ median: 1.5, best: 1, worst: 2, verdict: "report" });
});

test("each ratio is of one round, and rounds without a partner are refused", () => {
  expect(ratios([2, 9], [1, 3])).toEqual([2, 3]);
  expect(() => ratios([1], [1, 2])).toThrow("1 rounds of ours and 2 of the peer");
});
