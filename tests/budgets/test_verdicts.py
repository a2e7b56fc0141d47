"""What becomes of limits: what holds, what does not, and which change is named."""

import pytest
import torch
from torch import nn

import resviz
from resviz.budgets.configuration import read_budget
from resviz.budgets.verdicts import Trial
from resviz.readings.memory import find_peak
from resviz.testing import assert_within


def judge(arch, stored=None, **keys):
    """The verdicts on a record, by their keys."""
    table = {key.replace("_", "-"): value for key, value in keys.items()}
    if stored is not None:
        table["record"] = "old.json"
    budget = read_budget(table, "here", named=False)
    return {verdict.key: verdict for verdict in Trial(arch, budget, stored).judge()}


def test_a_limit_holds_up_to_the_unit(record):
    """So many are allowed, and not one more."""
    arch = record("cifar8")
    assert judge(arch, max_macs=arch.macs)["max-macs"].passed
    verdict = judge(arch, max_macs=arch.macs - 1)["max-macs"]
    assert not verdict.passed
    assert "1 too many, want at most" in verdict.sentence


def test_memory_is_that_of_parameters_and_the_peak(record):
    """To the byte."""
    arch = record("resnet18")
    buffers = 4 * sum(2 * c for c in [64] * 5 + [128] * 5 + [256] * 5 + [512] * 5)
    whole = 4 * 11_689_512 + buffers + 20 * 8 + find_peak(arch).bytes
    assert judge(arch, max_peak_memory=whole)["max-peak-memory"].passed
    assert not judge(arch, max_peak_memory=whole - 1)["max-peak-memory"].passed


def test_a_breach_names_the_change_that_caused_it(record):
    """The one that owns most, with its share; what takes away is no cause."""
    new, old = record("resnet(34, num_classes=10)"), record("resnet18")
    found = judge(new, old, params="+2%", macs="+2%")
    assert found["macs"].because.startswith("since old.json, conv")
    assert "2,048,000" not in found["params"].because  # fewer classes, fewer parameters
    for verdict in found.values():
        assert "MACs)" in verdict.because or "parameters)" in verdict.because
    shares = [cause["params"] for cause in found["params"].causes]
    assert all(share > 0 for share in shares)


def test_growth_is_told_from_the_record(record):
    """What did not grow passes, also by 0 %."""
    old = record("cifar8")
    found = judge(old, old, macs="+0%", params="+0%", activations="-1%", equal=True)
    assert [True, True, False, True] == [verdict.passed for verdict in found.values()]
    assert "nothing changed since old.json" == found["activations"].because


def test_another_input_is_the_reason(record):
    """A stored record is followed at the new one."""
    new, old = record("cifar8", (3, 64, 64)), record("cifar8")
    verdict = judge(new, old, macs="+0%")["macs"]
    (cause,) = verdict.causes
    assert ("input", new.macs - old.macs) == (cause["what"], cause["macs"])


def test_expectations_of_the_structure(record):
    """He et al. 2015: ResNet-50 is 3, 4, 6, 3 blocks, of which four project."""
    wanted = {"stages": [3, 4, 6, 3], "depth": 50, "projections": 4,
              "output_size": [7, 7], "output_shape": [1000]}  # fmt: skip
    assert all(v.passed for v in judge(record("resnet50"), **wanted).values())
    other = judge(record("cifar8"), **wanted)
    assert not any(verdict.passed for verdict in other.values())
    assert "1, 1, 1" == other["stages"].got
    assert "8×8" == other["output-size"].got


def test_a_network_without_blocks_has_none(record):
    """It is said, and nothing is raised."""
    arch = resviz.trace(nn.Sequential(nn.Conv2d(3, 4, 3)), (3, 8, 8))
    assert "none" == judge(arch, stages=[1])["stages"].got
    assert "none" == judge(arch, output_size=[6, 6])["output-size"].got
    assert judge(arch, output_shape=[4, 6, 6], projections=0)["output-shape"].passed


def test_equal_may_be_limited(record):
    """More classes are a change of shapes alone; another family is one of all."""
    new, old = record("resnet(18, num_classes=10)"), record("resnet18")
    assert judge(new, old, equal="structure")["equal"].passed
    assert not judge(new, old, equal="shapes")["equal"].passed
    verdict = judge(new, old, equal=True)["equal"]
    assert (False, 1) == (verdict.passed, len(verdict.causes))
    other = resviz.trace(nn.Sequential(nn.Flatten(), nn.Linear(3072, 5)), (3, 32, 32))
    assert not judge(other, old, equal="shapes")["equal"].passed


class Fourier(nn.Module):
    """A network with work that no rule counts."""

    def forward(self, x):
        return torch.linalg.lstsq(x, x).solution


def test_what_is_not_counted_meets_no_limit():
    """It may be more; from a record that leaves out the same it is told."""
    arch = resviz.trace(Fourier(), (4, 4))
    verdict = judge(arch, max_macs="1G")["max-macs"]
    assert not verdict.passed
    assert "at least 0 MACs" in verdict.sentence
    assert "not counted: linalg_lstsq" in verdict.because
    assert judge(arch, max_params=0)["max-params"].passed
    assert judge(arch, arch, macs="+0%")["macs"].passed
    assert not judge(arch, arch, max_macs="1G")["max-macs"].passed


def test_what_a_record_did_not_leave_out_meets_no_limit_from_it():
    """The new count says less than the old one, so it does not say that it fell."""
    old = resviz.trace(nn.Flatten(), (4, 4))
    verdict = judge(resviz.trace(Fourier(), (4, 4)), old, macs="+0%")["macs"]
    assert not verdict.passed
    assert "not counted: linalg_lstsq" in verdict.because


def test_modes_are_not_mixed(record):
    """A record of training is told from none of evaluation."""
    training = resviz.trace("cifar8", training=True)
    with pytest.raises(resviz.SpecError, match=r"here: compare: .*training mode"):
        judge(training, record("cifar8"), macs="-1%")


def test_a_test_of_ones_own_reads_the_difference(record, tmp_path):
    """A line a breach, then the changes as a table; else the record is returned."""
    old = tmp_path / "old.json"
    record("cifar8").save(old)
    assert assert_within("cifar8", record=old, params="+0%", equal=True).depth == 8
    with pytest.raises(AssertionError) as error:
        assert_within("cifar14", record=old, params="+0%", depth=8, max_macs="1G")
    first, second, _, title, *_ = str(error.value).splitlines()
    assert "ResNet-14 (CIFAR): params: got 172,506 " in first
    assert "since " in first
    assert "depth: got 14, want 8" in second
    assert " → " in title
    with pytest.raises(resviz.SpecError, match="unknown key 'max-mac': did you mean"):
        assert_within("cifar8", max_mac=1)
