"""Signatures by the real `model_signing`: what is refused, and what a push leaves."""

import shutil
from pathlib import Path

import pytest

from tests.helpers.signing import install_model_signing, make_keys
from visage.errors import VisageError
from visage.saved_model.pushing import signing
from visage.saved_model.pushing.push import push, same_files
from visage.saved_model.pushing.signing import SIGNATURE_FILE, SigningKeys, check_keys, find_program, sign, verify

pytestmark = pytest.mark.one_stack


@pytest.fixture(scope="module", autouse=True)
def program() -> None:
    install_model_signing()


@pytest.fixture
def keys(tmp_path: Path) -> SigningKeys:
    return make_keys(tmp_path)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "variables").mkdir(parents=True)
    (folder / "assets.extra").mkdir()
    (folder / "saved_model.pb").write_text("graph")
    (folder / "variables" / "weights").write_text("numbers")
    return folder


@pytest.fixture
def signed(model: Path, keys: SigningKeys) -> Path:
    """A signed version under another name than that of the signed folder."""
    sign(model, model / SIGNATURE_FILE, keys.private)
    return model.rename(model.with_name("17"))


def refusal(model: Path, key: Path) -> str:
    with pytest.raises(VisageError) as refused:
        verify(model, key)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_signed_model_is_accepted_wherever_it_is_copied(signed: Path, keys: SigningKeys, tmp_path: Path) -> None:
    verify(signed, keys.public)
    verify(shutil.copytree(signed, tmp_path / "a copy" / "3"), keys.public)


def test_a_changed_file_is_refused_by_name(signed: Path, keys: SigningKeys) -> None:
    (signed / "variables" / "weights").write_text("numberz")
    assert refusal(signed, keys.public) == (
        f"{signed}: refused by {keys.public}: its files are not those that were signed (changed: variables/weights); "
        "push it again"
    )


@pytest.mark.parametrize("name", ["assets.extra/more", ".gitignore"])
def test_an_added_file_is_refused(signed: Path, keys: SigningKeys, name: str) -> None:
    (signed / name).write_text("more")
    assert f"(added: {name})" in refusal(signed, keys.public)


def test_a_removed_file_is_refused(signed: Path, keys: SigningKeys) -> None:
    (signed / "saved_model.pb").unlink()
    assert "(missing: saved_model.pb)" in refusal(signed, keys.public)


def test_the_signature_of_another_key_is_refused(signed: Path, tmp_path: Path) -> None:
    assert "Key mismatch" in refusal(signed, make_keys(tmp_path, "other").public)


def test_a_model_without_a_signature_is_refused(model: Path, keys: SigningKeys) -> None:
    assert "refused, it has no signature (assets.extra/model.sig)" in refusal(model, keys.public)


def test_a_damaged_signature_is_refused(signed: Path, keys: SigningKeys) -> None:
    (signed / SIGNATURE_FILE).write_text("no signature")
    assert "refused by" in refusal(signed, keys.public)


def test_a_file_that_is_no_key_is_an_error_of_one_line(model: Path, signed: Path, keys: SigningKeys) -> None:
    keys.public.write_text("no key")
    assert "PEM" in refusal(signed, keys.public)
    keys.private.write_text("no key")
    with pytest.raises(VisageError, match=r"cannot be signed with .*key\.pem: .*PEM"):
        sign(signed, signed / SIGNATURE_FILE, keys.private)


def test_a_missing_key_is_named_before_any_work(keys: SigningKeys, tmp_path: Path) -> None:
    check_keys(keys.private, keys.public)
    check_keys(None, None)
    with pytest.raises(VisageError, match=r"nowhere\.pem: no such file"):
        check_keys(tmp_path / "nowhere.pem", keys.public)


def test_a_missing_program_is_named_with_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, keys: SigningKeys
) -> None:
    assert find_program().name == "model_signing"
    monkeypatch.setattr(signing, "_IN_A_CLONE", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(VisageError, match=r"model_signing: not installed, and needed .*; run `make signing`"):
        check_keys(None, keys.public)


def test_a_version_appears_with_its_signature(model: Path, keys: SigningKeys, tmp_path: Path) -> None:
    version = push(model, tmp_path / "served", keys)
    verify(version, keys.public)
    assert same_files(model, version)
    assert not (model / SIGNATURE_FILE).exists()
    assert [path.name for path in (tmp_path / "served").glob("[0-9]*")] == [version.name]


def test_the_signed_model_that_is_served_already_is_not_pushed_again(
    model: Path, keys: SigningKeys, tmp_path: Path
) -> None:
    assert push(model, tmp_path / "served", keys) == push(model, tmp_path / "served", keys)
    # Nor without keys: the signature is no other model.
    assert len({push(model, tmp_path / "served"), push(model, tmp_path / "served", keys)}) == 1


def test_a_served_model_without_a_valid_signature_is_pushed_anew(
    model: Path, keys: SigningKeys, tmp_path: Path
) -> None:
    unsigned = push(model, tmp_path / "served")
    signed = push(model, tmp_path / "served", keys)
    assert int(signed.name) > int(unsigned.name)
    of_a_new_key = push(model, tmp_path / "served", make_keys(tmp_path, "new"))
    assert int(of_a_new_key.name) > int(signed.name)


def test_keys_that_are_no_pair_push_nothing(model: Path, keys: SigningKeys, tmp_path: Path) -> None:
    other = make_keys(tmp_path, "other")
    with pytest.raises(VisageError, match="Key mismatch"):
        push(model, tmp_path / "served", SigningKeys(keys.private, other.public))
    assert list((tmp_path / "served").glob("[0-9]*")) == []


def test_an_incomplete_copy_is_not_signed(
    model: Path, keys: SigningKeys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damage_the_copy_and_sign(original: Path, signature: Path, key: Path) -> None:
        (signature.parents[1] / "variables" / "weights").write_text("numb")
        sign(original, signature, key)

    monkeypatch.setattr("visage.saved_model.pushing.push.sign", damage_the_copy_and_sign)
    with pytest.raises(VisageError, match=r"not those that were signed \(changed: variables/weights\)"):
        push(model, tmp_path / "served", keys)
    assert list((tmp_path / "served").glob("[0-9]*")) == []
