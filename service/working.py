"""As the supervisor of 0.1.0 calls ``service.worker``: see ``service.receiving``."""

from service.worker import main

if __name__ == "__main__":
    main()
