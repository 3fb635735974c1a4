"""``python -m lightnoise_train``: the command where no script was installed, or for one of several Pythons."""

from lightnoise_train.cli import main

if __name__ == "__main__":
    main(prog_name="lightnoise-train")
